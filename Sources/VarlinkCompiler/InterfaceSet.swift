internal import Varlink

/// Interfaces that are compiled together. What several of them declare under one name must be the same: it becomes one type.
struct InterfaceSet {
    /// By name.
    let interfaces: [Interface]
    private(set) var types: [SharedType] = []
    private(set) var errors: [SharedError] = []

    struct SharedType {
        let name: String
        let value: Interface.ValueType
        /// That of the one interface that has one.
        fileprivate(set) var comment: [String]
        fileprivate(set) var interfaces: [String]
    }

    /// An error is met in different ways, so that each interface may have a comment of its own.
    struct SharedError {
        let name: String
        let parameters: [Interface.Field]
        fileprivate(set) var comments: [(interface: String, comment: [String])]

        /// What these interfaces say of it: each sentence once, and by whom where it is not said by all.
        func paragraphs(of interfaces: Set<String>) -> [String] {
            var said: [(comment: [String], interfaces: [String])] = []
            for (interface, comment) in comments where interfaces.contains(interface) && !comment.isEmpty {
                if let index = said.firstIndex(where: { $0.comment == comment }) {
                    said[index].interfaces.append(interface)
                } else {
                    said.append((comment, [interface]))
                }
            }
            if said.count == 1 { return Prose.paragraphs(said[0].comment) }
            return said.map { "\($0.interfaces.joined(separator: ", ")): \($0.comment.joined(separator: " "))" }
        }
    }

    init(_ interfaces: [Interface]) throws(CompilerError) {
        self.interfaces = interfaces.sorted { $0.name < $1.name }
        for interface in self.interfaces {
            for type in interface.types { try add(type, of: interface.name) }
            for error in interface.errors { try add(error, of: interface.name) }
        }
    }

    private mutating func add(_ type: Interface.TypeDefinition, of interface: String) throws(CompilerError) {
        guard let index = types.firstIndex(where: { $0.name == type.name }) else {
            types.append(.init(name: type.name, value: type.value, comment: type.comment, interfaces: [interface]))
            return
        }
        let known = types[index]
        guard known.value == type.value else {
            throw CompilerError("\(interface) and \(known.interfaces[0]) declare \(type.name) differently")
        }
        guard type.comment.isEmpty || known.comment.isEmpty || type.comment == known.comment else {
            throw CompilerError("\(interface) and \(known.interfaces[0]) say different things of \(type.name)")
        }
        if known.comment.isEmpty { types[index].comment = type.comment }
        types[index].interfaces.append(interface)
    }

    private mutating func add(_ error: Interface.ErrorDefinition, of interface: String) throws(CompilerError) {
        guard let index = errors.firstIndex(where: { $0.name == error.name }) else {
            errors.append(
                .init(name: error.name, parameters: error.parameters, comments: [(interface, error.comment)]))
            return
        }
        guard errors[index].parameters == error.parameters else {
            throw CompilerError(
                "\(interface) and \(errors[index].comments[0].interface) declare \(error.name) differently")
        }
        errors[index].comments.append((interface, error.comment))
    }
}

/// Why nothing can be made of the interfaces.
public struct CompilerError: Error, Equatable, CustomStringConvertible {
    public let description: String

    init(_ description: String) { self.description = description }
}
