internal import NIOCore
internal import SqzProtocol
internal import Varlink

extension RunnerInterface.Run {
    /// What a runner's message says of a job, checked, without its predictions; these; and whether more follows.
    static func reply(_ message: Frame) throws -> (Reply, predictions: [WrittenPrediction], continues: Bool) {
        let written = try message.bytes.withUnsafeReadableBytes { bytes in
            try ReplyElements.read("predictions", in: bytes) { try WrittenPrediction($0) }
        }
        if let written {
            return (try written.reply.parameters(Reply.self).checked(), written.elements, written.reply.continues)
        }
        let message = try message.reply()
        let reply = try message.parameters(Reply.self).checked()
        return (reply, try (reply.predictions ?? []).map { try WrittenPrediction($0) }, message.continues)
    }
}
