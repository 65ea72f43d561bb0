internal import FoundationEssentials
internal import Glibc
internal import SqzProtocol
internal import Varlink

/// Any number of pictures, in calls that the daemon takes. A picture that can't be used is named, the others go on.
struct Classifying {
    let daemon: Daemon
    /// NAME@VERSION once there was a reply, so that one model answers for all.
    var model: String?
    let top: Int?
    /// The status of the first picture that could not be used.
    private(set) var failure: CInt?

    private struct Picture {
        let name: String
        let base64: String
    }

    private var waiting: [Picture] = []
    private var waitingBytes = 0
    /// How many go into a call: fewer after a bad one, of which the daemon names one for each call.
    private var size = Limits.imagesPerCall

    /// Half of what a message may hold.
    private static let callBytes = FramedFile.maximumMessage / 2

    init(daemon: Daemon, model: String?, top: Int?) {
        self.daemon = daemon
        self.model = model
        self.top = top
    }

    /// Takes one more picture; `print` gets the names and what the daemon says of them, as it says so.
    mutating func add(_ name: String, _ print: Print) throws {
        let base64: String
        do {
            base64 = Data(try Self.read(name)).base64EncodedString()
        } catch let error as InputError {
            // After what is said of those before it.
            try finish(print)
            return try fail(error)
        }
        if waiting.count == size || waitingBytes + base64.utf8.count > Self.callBytes { try finish(print) }
        waiting.append(Picture(name: name, base64: base64))
        waitingBytes += base64.utf8.count
    }

    typealias Print = ([String], InferenceInterface.Classify.Reply) throws -> Void

    /// Classifies those that wait.
    mutating func finish(_ print: Print) throws {
        var rest = waiting[...]
        (waiting, waitingBytes) = ([], 0)
        while !rest.isEmpty {
            let part = rest.prefix(size)
            do {
                let reply = try daemon.show(
                    InferenceInterface.Classify.self, .init(images: part.map(\.base64), model: model, top: top)
                ) { try print(part.map(\.name), $0) }
                model = reply.model
                rest = rest.dropFirst(size)
                size = min(size * 2, Limits.imagesPerCall)
            } catch let error as VarlinkError {
                // The user knows pictures by their names.
                guard case .badImage(let index, let reason)? = SqzError(error), index >= 0, index < part.count else {
                    throw error
                }
                if index > 0 {
                    // Those before it are good.
                    size = index
                } else {
                    try fail(InputError(rest.removeFirst().name, bad: reason))
                    size = max(size / 4, 1)
                }
            }
        }
    }

    private mutating func fail(_ error: InputError) throws {
        let status = try ExitStatus.tell(error)
        failure = failure ?? status
    }

    /// A whole file, or one byte more than a picture may have.
    private static func read(_ path: String) throws -> [UInt8] {
        let descriptor =
            path == "-"
            ? STDIN_FILENO
            : try Reading.open(path, pipes: true, right: "a picture's file, or - for standard input")
        defer { if descriptor != STDIN_FILENO { close(descriptor) } }
        let limit = Limits.imageBytes + 1
        let bytes = try Reading.bytes(of: descriptor, path, limit: limit)
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
