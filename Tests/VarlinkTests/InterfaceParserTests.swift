import Testing
import Varlink

@Suite struct InterfaceParserTests {
    @Test func aWholeInterfaceIsRead() throws {
        let interface = try Interface(
            parsing: """
                # Somebody's licence.

                # Things, and
                # what to do with them.
                interface org.example-1.things2

                type Colour (red, green_blue)

                type Nothing ()
                # A thing.
                #
                #No space before this.
                type Thing(
                  # Comments inside are not kept.
                  id: int, # nor here
                  colour: ?Colour,
                  names: []string,
                  weights: [string]?float,
                  grid: [][]bool,
                  extra: object,
                  inline: (a: int),
                  choice: ?(one, other)
                )
                method Make (thing: Thing) -> (id: int)

                # Far away from what follows.

                method Stop()->()
                # It is gone.
                error Gone(id: int)
                error Stopping ()
                """)
        #expect(interface.name == "org.example-1.things2")
        #expect(interface.comment == ["Things, and", "what to do with them."])
        #expect(interface.types.map(\.name) == ["Colour", "Nothing", "Thing"])
        #expect(interface.types.map(\.comment) == [[], [], ["A thing.", "", "No space before this."]])
        #expect(
            interface.types.map { text($0.value) } == [
                "(red, green_blue)", "()",
                "(id: int, colour: ?Colour, names: []string, weights: [string]?float, grid: [][]bool, extra: object, "
                    + "inline: (a: int), choice: ?(one, other))",
            ])
        #expect(interface.methods.map(\.name) == ["Make", "Stop"])
        #expect(interface.methods.map(\.comment) == [[], []])
        #expect(interface.methods.map { text($0.parameters) } == ["(thing: Thing)", "()"])
        #expect(interface.methods.map { text($0.reply) } == ["(id: int)", "()"])
        #expect(interface.errors.map(\.name) == ["Gone", "Stopping"])
        #expect(interface.errors.map(\.comment) == [["It is gone."], []])
        #expect(interface.errors.map { text($0.parameters) } == ["(id: int)", "()"])
    }

    private func text(_ fields: [Interface.Field]) -> String {
        "(" + fields.map { "\($0.name): \(text($0.type))" }.joined(separator: ", ") + ")"
    }

    private func text(_ type: Interface.ValueType) -> String {
        switch type {
        case .bool, .int, .float, .string, .object: "\(type)"
        case .named(let name): name
        case .nullable(let type): "?" + text(type)
        case .array(let type): "[]" + text(type)
        case .dictionary(let type): "[string]" + text(type)
        case .structure(let fields): text(fields)
        case .enumeration(let names): "(" + names.joined(separator: ", ") + ")"
        }
    }

    @Test(arguments: [
        ("", 1, "expected interface, found the end"),
        ("type A ()", 1, "expected interface, found type"),
        ("interface things", 1, "expected an interface's name, as org.example.Things, found things"),
        ("interface org.-x", 1, "expected an interface's name, as org.example.Things, found org.-x"),
        ("interface org..x", 1, "expected an interface's name, as org.example.Things, found org..x"),
        ("interface org.x\nfunction F()", 2, "expected type, method or error, found function"),
        ("interface org.x\ntype thing ()", 2, "expected a name that begins with a capital letter, found thing"),
        ("interface org.x\ntype A_B ()", 2, "expected a name that begins with a capital letter, found A_B"),
        ("interface org.x\n\ntype A ()\nerror A ()", 4, "A is defined already"),
        ("interface org.x\ntype A int", 2, "expected (, found int"),
        ("interface org.x\ntype A (\n a: int,\n b\n)", 5, "either all of these have a type, or none"),
        ("interface org.x\ntype A (a: int,)", 2, "expected a field's name, found )"),
        ("interface org.x\ntype A (a: int b: int)", 2, "expected ,, found b"),
        ("interface org.x\ntype A (a: int, a: int)", 2, "a comes twice"),
        ("interface org.x\ntype A (one, one)", 2, "one comes twice"),
        ("interface org.x\ntype A (a__b: int)", 2, "expected a field's name, found a__b"),
        ("interface org.x\ntype A (2a: int)", 2, "expected a field's name, found 2a"),
        ("interface org.x\ntype A (a-b: int)", 2, "expected a field's name, found a-b"),
        ("interface org.x\ntype A (a: integer)", 2, "expected a type, found integer"),
        ("interface org.x\ntype A (a: ??int)", 2, "expected a type, found ?"),
        ("interface org.x\ntype A (a: int", 2, "expected ,, found the end"),
        ("interface org.x\ntype A (\n  b: B,\n  c: []C\n)", 3, "there is no type B"),
        ("interface org.x\nmethod M(a, b) -> ()", 2, "each of these needs a type, as in (name: string)"),
        ("interface org.x\nmethod M()", 2, "expected ->, found the end"),
        ("interface org.x\nmethod M() = ()", 2, "= has no meaning here"),
        ("interface org.x\ntype A (a: [int]string)", 2, "[ has no meaning here"),
    ]) func whatIsWrongIsSaidWithItsLine(_ text: String, line: Int, reason: String) {
        let error = #expect(throws: InterfaceSyntaxError.self) { try Interface(parsing: text) }
        #expect(error?.line == line && error?.reason == reason, "\(error.map { "\($0)" } ?? "no error")")
    }

    @Test func theServiceInterfaceIsWhatItsTextSays() throws {
        let interface = try Interface(parsing: ServiceInterface.description)
        #expect(interface.name == ServiceInterface.name)
        let methods = interface.methods.map { "\(interface.name).\($0.name)" }
        #expect(methods == ServiceInterface.Method.allCases.map(\.rawValue))
        #expect(methods == ServiceInterface.methods.map { $0.name })
        #expect(Set(interface.errors.map(\.name)) == ServiceInterface.errors)
    }
}
