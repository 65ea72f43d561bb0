internal import ArgumentParser
internal import Crypto
internal import FoundationEssentials
internal import SqzProtocol
internal import Varlink

struct ModelExport: ParsableCommand {
    static let configuration = CommandConfiguration(
        commandName: "export",
        abstract: "Writes a model to a file: safetensors, ONNX or PyTorch's.",
        discussion: """
            The format is that of the file's ending: .safetensors, which has the weights under PyTorch's names, and all that \
            model import takes back; .onnx, a graph of pictures' bytes, which normalizes them itself; .pth or .pt, PyTorch's \
            state dict, with a .py beside it that makes the network of it; .net, of a model that compress made, Deep \
            Compression's. Without an ending, and on standard output, it is safetensors.

            --force replaces a file, but no .py that sqzd did not export. --json tells what was written to a file.

            For example:
              sqzctl model export fashion-mnist fashion-mnist.onnx
              sqzctl model export fashion-mnist - --format safetensors | sha256sum
            """)

    @Argument(help: "NAME, NAME@VERSION or NAME@TAG.", completion: Completions.models) var model: String
    @Argument(help: "The file. - is standard output.", completion: .file()) var file: String
    @Option(help: "The file's format, whatever its ending.") var format: ExportFormat?
    @Flag(help: "ONNX: take pictures that are normalized already, as floats.") var floatInput = false
    @Flag(help: "Replace the file if it exists.") var force = false
    @OptionGroup var common: Common

    func validate() throws {
        let format = try chosen()
        if floatInput, format != .onnx {
            throw ValidationError("--float-input is for ONNX; the format is \(format.rawValue)")
        }
    }

    private func chosen() throws -> ExportFormat {
        if let format { return format }
        let name = file.lowercased().split(separator: "/").last ?? ""
        if let format = ExportFormat.allCases.first(where: { $0.suffixes.contains(where: name.hasSuffix) }) {
            return format
        }
        guard let dot = name.lastIndex(of: "."), dot > name.startIndex else { return .safetensors }
        let known = ExportFormat.allCases.flatMap(\.suffixes).joined(separator: ", ")
        throw ValidationError(
            "\(file): \(name[dot...]) is no format that is written; right would be \(known), or --format")
    }

    func run() throws {
        let format = try chosen()
        if file == "-", Terminal.output != nil {
            throw UsageError(description: "standard output is a terminal; name a file, or send it to a pipe")
        }
        let daemon = try Daemon(common)
        // A version, so that all pieces are of one file.
        let model = try daemon.call(ModelsInterface.Show.self, .init(model: model)).model
        let source = ModelBytes(name: "\(model.name)@\(model.version)", size: model.size, daemon: daemon)
        if file == "-" {
            _ = try source.read(as: format, floatInput: floatInput) { _ in
            } _: {
                Output.write($0)
                return Output.isOpen ? .more : .stop
            }
            return
        }
        let output = try NewFile(path: file, force: force)
        let module = output.isFile && format == .pytorch ? try ModuleFile(of: file, force: force) : nil
        var hash = SHA256()
        let size = try source.read(as: format, floatInput: floatInput) {
            try module?.write($0)
        } _: {
            hash.update(data: $0)
            try output.write($0)
            return .more
        }
        try output.commit()
        try module?.commit()
        guard output.isFile else { return }
        guard !common.json else {
            let sha256 = String(hash.finalize().description.suffix(64))
            return try Output.object(
                Report(
                    file: file, bytes: size, sha256: sha256, format: format.rawValue, model: model.name,
                    version: model.version, module: module?.path))
        }
        Output.line("\(file): \(source.name), \(Format.bytes(size))")
        if let module {
            let name = file.split(separator: "/").last ?? ""
            Output.line("\(module.path): load(\"\(name)\") makes the network of it")
        }
    }

    /// What `--json` prints of a file.
    private struct Report: Encodable {
        let file: String
        let bytes: Int
        let sha256: String
        let format: String
        let model: String
        let version: Int
        /// The Python text beside a state dict.
        let module: String?
    }
}

/// What a model's file can be. The raw values are the protocol's words.
enum ExportFormat: String, CaseIterable, ExpressibleByArgument {
    case safetensors, onnx, pytorch
    case deepCompression = "deep-compression"

    var suffixes: [String] {
        switch self {
        case .safetensors: [".safetensors"]
        case .onnx: [".onnx"]
        case .pytorch: [".pth", ".pt"]
        case .deepCompression: [".net"]
        }
    }
}

/// A model's file, as it comes from the daemon in pieces.
private struct ModelBytes {
    /// With its version.
    let name: String
    /// The model's own file's.
    let size: Int
    let daemon: Daemon

    /// Gives the size of all, or of what was wanted.
    func read(
        as format: ExportFormat, floatInput: Bool, module: (String) throws -> Void,
        _ body: ([UInt8]) throws -> Client.Next
    ) throws -> Int {
        var count = 0
        func take(_ data: String) throws -> Client.Next {
            guard let bytes = Data(base64Encoded: data), !bytes.isEmpty else {
                throw ConnectionError.malformed("no data")
            }
            count += bytes.count
            return try body(Array(bytes))
        }
        guard format != .safetensors else {
            while count < size {
                let reply = try daemon.call(ModelsInterface.Read.self, .init(model: name, offset: count))
                if try take(reply.data) == .stop { break }
            }
            return count
        }
        var rest = 0
        try daemon.take(
            ModelsInterface.Export.self,
            .init(model: name, format: format.rawValue, floatInput: floatInput ? true : nil)
        ) { reply in
            if count == 0, let text = reply.module { try module(text) }
            let next = try take(reply.data)
            rest = next == .stop ? 0 : reply.size - count
            return next
        }
        guard rest == 0 else { throw ConnectionError.malformed("\(rest) bytes of the file are missing") }
        return count
    }
}
