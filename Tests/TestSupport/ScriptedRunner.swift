internal import SqzProtocol
internal import Varlink

extension TestDaemon.Runner {
    /// A runner in Python that behaves as a test wants.
    ///
    /// - Parameters:
    ///   - describe: the statements that answer `Describe`. `offer(kind)` says that it offers jobs of that kind.
    ///   - run: the statements that answer `Run`; `send` sends a reply, `log` writes a line to standard error.
    ///   - others: the statements that answer other methods; `Inspect` takes every file for a model, unless they say otherwise.
    public static func python(
        _ name: String, describe: String = "offer('scripted')", run: String = "send({'result': {}})",
        others: [String: String] = [:]
    ) -> Self {
        func indented(_ text: String) -> String {
            text.split(separator: "\n", omittingEmptySubsequences: false).map { "        " + $0 }.joined(
                separator: "\n")
        }
        let reply = RunnerInterface.Describe.Reply(
            name: name, version: "1", properties: [:],
            kinds: [JobKind(name: "", help: "scripted", dataset: false, model: .none, options: [])], imports: false,
            classifies: false)
        let description: String
        do { description = String(decoding: try JSON.encode(reply), as: UTF8.self) } catch { fatalError("\(error)") }
        let others = [
            "Inspect": """
            send({'model': {'file': '', 'weightsSha256': '', 'architecture': '', 'bypass': '', 'classes': [], 'parameters': 0,
                            'multiplyAdds': 0, 'preprocessing': '', 'layers': []}})
            """
        ].merging(others) { $1 }
        return .script(
            name: name,
            text: """
                #!/usr/bin/env python3
                import json, os, signal, subprocess, sys, time

                def send(parameters, **members):
                    sys.stdout.write(json.dumps({"parameters": parameters, **members}) + "\\0")
                    sys.stdout.flush()

                def log(line):
                    print(line, file=sys.stderr, flush=True)

                def offer(kind, **members):
                    description = json.loads(r'''\(description)''')
                    description["kinds"][0].update(name=kind, model="made" if members.get("classifies") else "none")
                    send({**description, **members})

                buffer = b""
                while True:
                    while b"\\0" not in buffer:
                        data = os.read(0, 65536)
                        if not data:
                            sys.exit(0)
                        buffer += data
                    message, _, buffer = buffer.partition(b"\\0")
                    call = json.loads(message)
                    if call["method"].endswith(".Describe"):
                \(indented(describe))
                    elif call["method"].endswith(".Run"):
                \(indented(run))
                \(others.map { "    elif call['method'].endswith('.\($0)'):\n\(indented($1))" }.joined(separator: "\n"))

                """)
    }
}
