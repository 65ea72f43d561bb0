internal import ArgumentParser
internal import FoundationEssentials
internal import Glibc
internal import SqzProtocol
internal import Varlink

struct Classify: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Tells what pictures show.",
        discussion: """
            A picture is a file of 3,072 bytes (32x32 pixels: the red, the green, the blue plane) or 3,073 (the label first, as
            in CIFAR-10's files). For example:
              sqzctl classify image.bin --model fashion-mnist --top 3
              head -c 3073 test_batch.bin | sqzctl classify -
            """)

    @Argument(help: "Files; - is standard input.")
    var images: [String]
    @Option(help: "NAME or NAME@VERSION. By default the default model, else the newest.")
    var model: String?
    @Option(parsing: .unconditional, help: "How many classes to name.")
    var top: Int?
    @OptionGroup var common: Common

    func run() throws {
        let pictures = try images.map { try Self.read($0) }
        let parameters = InferenceInterface.Classify.Parameters(
            images: pictures.map { Data($0).base64EncodedString() }, model: model, top: top)
        let daemon = try Daemon(common)
        do {
            try daemon.show(InferenceInterface.Classify.self, parameters) { try show($0, daemon) }
        } catch let error as VarlinkError {
            // The user knows pictures by their names.
            guard case .badImage(let index, let reason)? = SqzError(error), images.indices.contains(index) else {
                throw error
            }
            throw InputError(images[index], bad: reason)
        }
    }

    private func show(_ reply: InferenceInterface.Classify.Reply, _ daemon: Daemon) throws {
        // The reply names the likeliest classes only, and a label may be none of them.
        let isNamed = reply.results.allSatisfy { result in
            result.label == nil || result.classes.contains { $0.index == result.label }
        }
        let names = isNamed ? [] : try daemon.call(ModelsInterface.Show.self, .init(model: reply.model)).model.classes
        for (image, result) in zip(images, reply.results) {
            let label = result.label.map { label in
                let name = result.classes.first { $0.index == label }?.name
                return ", labelled \(name ?? (names.indices.contains(label) ? names[label] : "class \(label)"))"
            }
            Output.line("\(image)\(label ?? "") (\(reply.model))")
            let width = result.classes.map(\.name.count).max() ?? 0
            for entry in result.classes {
                let name = entry.name + String(repeating: " ", count: width - entry.name.count)
                let percent = Format.percent(entry.probability)
                let space = String(repeating: " ", count: max(0, 8 - percent.count))
                Output.line("  \(name)  \(space)\(percent)  \(Format.bar(entry.probability))")
            }
        }
    }

    /// A whole file, or one byte more than a picture may have.
    private static func read(_ path: String) throws -> [UInt8] {
        let descriptor = path == "-" ? STDIN_FILENO : open(path, O_RDONLY | O_CLOEXEC)
        guard descriptor >= 0 else { throw InputError(path) }
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        let limit = Limits.imageBytes + 1
        var bytes: [UInt8] = []
        while bytes.count < limit {
            var chunk = [UInt8](repeating: 0, count: limit - bytes.count)
            let count = Glibc.read(descriptor, &chunk, chunk.count)
            if count < 0, errno == EINTR { continue }
            guard count >= 0 else { throw InputError(path) }
            if count == 0 { break }
            bytes += chunk.prefix(count)
        }
        guard bytes.count < limit else {
            throw InputError(
                path,
                bad:
                    "has more than \(Format.number(Limits.imageBytes)) bytes; a picture has 3,072, or 3,073 with its label"
            )
        }
        return bytes
    }
}
