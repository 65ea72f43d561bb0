internal import FoundationEssentials
internal import ModelFiles
internal import SqzProtocol

/// Writes a model as another program's file: over the link, so that nothing of it is on any disk before its reader has it.
enum Exporting {
    typealias Method = RunnerInterface.Export

    /// - Parameter send: gets the file's pieces, in order.
    static func run(
        _ request: Method.Parameters, send: (_ reply: Method.Reply, _ continues: Bool) throws -> Void
    ) throws {
        guard let format = ExportedFile.Format(rawValue: request.format) else {
            let known = ExportedFile.Format.allCases.map(\.rawValue)
            let list = known.dropLast().joined(separator: ", ") + " or " + known.last!
            throw SqzError.invalidOption(option: "format", reason: "must be \(list); safetensors is what Read gives")
        }
        let floatInput = request.floatInput ?? false
        guard !floatInput || format == .onnx else {
            throw SqzError.invalidOption(
                option: "floatInput", reason: "is for onnx; the module of \(format.rawValue) takes bytes and floats")
        }
        let file = try ExportedFile(ModelFile(path: request.model), as: format, floatInput: floatInput)
        for start in stride(from: 0, to: file.bytes.count, by: Limits.chunkBytes) {
            let end = min(start + Limits.chunkBytes, file.bytes.count)
            try send(
                .init(
                    data: Data(file.bytes[start..<end]).base64EncodedString(), size: file.bytes.count,
                    module: start == 0 ? file.module : nil), end < file.bytes.count)
        }
    }
}
