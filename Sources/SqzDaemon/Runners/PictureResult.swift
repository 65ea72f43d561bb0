internal import NIOCore
internal import SqzProtocol
internal import Varlink

/// What a runner said of one picture, passed on as the JSON that it is: a `Classification`, of which the daemon only asks whether
/// there is a problem.
struct PictureResult: Sendable {
    let text: ByteBuffer
    /// Why the picture can't be used.
    let problem: String?
    /// It was not looked at; nor was any after it in the same call.
    let isLeft: Bool

    init(_ classification: Classification) throws {
        text = ByteBuffer(bytes: try JSON.encode(classification))
        problem = classification.problem
        isLeft = classification.again == true
    }

    /// Of JSON that a runner wrote of a picture without a problem.
    fileprivate init(written text: ByteBuffer) {
        self.text = text
        problem = nil
        isLeft = false
    }
}

extension RunnerInterface.Classify {
    /// The bytes of a call.
    ///
    /// - Parameter images: plain text each (`PlainText`).
    static func call(_ images: [String], top: Int, flips: Bool) -> ByteBuffer {
        var call = ByteBuffer()
        call.reserveCapacity(images.reduce(128) { $0 + $1.utf8.count + 3 })
        call.writeString(#"{"method":"\#(name)","parameters":{"images":["#)
        for (index, image) in images.enumerated() {
            call.writeString(index == 0 ? "\"" : ",\"")
            call.writeString(image)
            call.writeString("\"")
        }
        call.writeString(#"],"top":\#(top)\#(flips ? #","flip":true"# : "")}}"#)
        call.writeInteger(UInt8(0))
        return call
    }

    /// What a runner's message says of each picture.
    static func results(_ message: Frame) throws -> RunnerLink.Results {
        let elements = message.bytes.withUnsafeReadableBytes {
            ReplyElements(of: "results", marking: ["problem", "again"], in: $0, isKnown: WrittenClassification.isOne)
        }
        guard let elements else {
            let reply = try message.reply().parameters(Reply.self)
            return RunnerLink.Results(
                pictures: try reply.results.map(PictureResult.init(_:)), engine: { reply.engine })
        }
        let pictures = try elements.all.map { element in
            guard
                let text = message.bytes.getSlice(
                    at: message.bytes.readerIndex + element.range.lowerBound, length: element.range.count)
            else { throw RunnerEnded() }
            guard element.isMarked else { return PictureResult(written: text) }
            return try PictureResult(text.withUnsafeReadableBytes { try JSON.decode(Classification.self, from: $0) })
        }
        return RunnerLink.Results(
            pictures: pictures, engine: { try elements.reply().parameters(Reply.self).engine })
    }
}

extension RunnerLink.Results {
    /// For how long it computed.
    func checkedEngine() throws -> Duration? {
        guard let engine = try engine() else { return nil }
        guard (0...Limits.describedCount).contains(engine) else {
            throw SqzError.runnerFailed(reason: "it computed for \(engine) microseconds")
        }
        return .microseconds(engine)
    }
}

extension InferenceInterface.Classify {
    /// The parameters of a reply.
    static func reply(model: String, _ results: [PictureResult], _ timings: Timings?) throws -> ByteBufferView {
        var reply = ByteBuffer()
        reply.reserveCapacity(results.reduce(128) { $0 + $1.text.readableBytes + 1 })
        reply.writeString(#"{"model":"#)
        reply.writeBytes(try JSON.quoted(model))
        reply.writeString(#","results":["#)
        for (index, result) in results.enumerated() {
            if index > 0 { reply.writeString(",") }
            reply.writeImmutableBuffer(result.text)
        }
        reply.writeString("]")
        if let timings {
            reply.writeString(#","timings":"#)
            reply.writeBytes(try JSON.encode(timings))
        }
        reply.writeString("}")
        return reply.readableBytesView
    }
}
