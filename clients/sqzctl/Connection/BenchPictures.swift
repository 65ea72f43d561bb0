internal import FoundationEssentials
internal import SqzProtocol
internal import Varlink

/// The pictures that calls are made of, each of which the daemon has classified once.
struct BenchPictures {
    /// NAME@VERSION, so that one model answers whatever is promoted meanwhile.
    private(set) var model = ""
    /// As base64.
    private(set) var pictures: [String] = []
    /// What they are, to the user.
    private(set) var description = ""
    /// The exit status of the first that can't be used.
    private(set) var failure: CInt?
    private var bytes = 0

    /// What is held in memory, twice: as pictures and as calls.
    private static let mostPictures = 1_024
    private static let mostBytes = 64 << 20
    /// Of those that are made here.
    private static let random = 32

    /// Random pictures of the model's size.
    init(randomFor model: String?, _ daemon: Daemon) throws {
        // A first one, of any size, to learn which model it is.
        let any = try daemon.call(
            InferenceInterface.Classify.self,
            .init(images: [Self.base64(RandomPicture.make(side: RandomPicture.recordSide, seed: 0))], model: model))
        self.model = any.model
        let side = Self.side(try daemon.call(ModelsInterface.Show.self, .init(model: any.model)).model)
        pictures = (0..<Self.random).map { Self.base64(RandomPicture.make(side: side, seed: UInt64($0))) }
        let kind = side == RandomPicture.recordSide ? "" : ", as PNG"
        description = "\(Self.random) random ones of \(side)x\(side)\(kind)"
    }

    /// How large the pictures are that the model takes in, which its runner says in a sentence.
    private static func side(_ model: Model) -> Int {
        let words = model.preprocessing.split { " ,;".contains($0) }
        let size = words.last { word in
            let sides = word.split(separator: "x", omittingEmptySubsequences: false).map { Int($0) }
            return sides.count == 2 && sides[0] != nil && sides[0] == sides[1]
        }
        let side = size?.split(separator: "x").first.flatMap { Int($0) } ?? RandomPicture.recordSide
        return Limits.pictureSides.contains(side) ? side : RandomPicture.recordSide
    }

    /// Files, and what is below folders.
    init(_ paths: [String], model: String?, _ daemon: Daemon) throws {
        var classifying = Classifying(
            daemon: daemon, model: model, top: 1, timeout: nil, wantsTimings: false, flips: false)
        var waiting: [String] = []
        var used: [String] = []
        var failure: CInt?
        var isCut = false
        func take(_ answers: [Classifying.Answer], _ model: String?) throws {
            for answer in answers {
                let picture = waiting.removeFirst()
                switch answer.found {
                case .success: used.append(picture)
                case .failure(let error):
                    let status = try ExitStatus.tell(error)
                    failure = failure ?? status
                }
            }
        }
        var (count, bytes) = (0, 0)
        /// Whether there is room for more.
        func add(_ name: String, _ picture: Result<[UInt8], InputError>) throws -> Bool {
            if case .success(let content) = picture { bytes += content.count }
            count += 1
            guard count <= Self.mostPictures, bytes <= Self.mostBytes || count == 1 else {
                isCut = true
                return false
            }
            let base64 = if case .success(let content) = picture { Self.base64(content) } else { "" }
            waiting.append(base64)
            try classifying.add(name, picture, take)
            return true
        }
        for path in paths where !isCut {
            guard PictureFolder.isOne(at: path) else {
                _ = try add(path, Result { () throws(InputError) in try PictureFile.read(path) })
                continue
            }
            var folder = PictureFolder(path)
            try folder.forEach(add)
            if folder.isEmpty {
                _ = try add(path, .failure(InputError(path, bad: "there is no picture below this folder")))
            }
        }
        try classifying.finish(take)
        pictures = used
        self.failure = failure
        self.model = classifying.model ?? ""
        description = Format.number(used.count) + (isCut ? ", the first of those that were named" : "")
    }

    private static func base64(_ bytes: [UInt8]) -> String { Data(bytes).base64EncodedString() }

    /// Whole messages of so many pictures each, in which every picture is.
    func calls(of size: Int, top: Int?) throws -> [[UInt8]] {
        try stride(from: 0, to: pictures.count, by: size).map { start in
            let images = (start..<(start + size)).map { pictures[$0 % pictures.count] }
            let bytes = images.reduce(0) { $0 + $1.utf8.count }
            let call =
                bytes > FramedFile.maximumMessage
                ? [] : try Call.message(InferenceInterface.Classify.self, .init(images: images, model: model, top: top))
            guard bytes <= FramedFile.maximumMessage, call.count <= FramedFile.maximumMessage else {
                throw UsageError(
                    description: """
                        --pictures \(size) of these are \(Format.bytes(bytes)) as base64; a call may have \
                        \(Format.bytes(FramedFile.maximumMessage))
                        """)
            }
            return call
        }
    }
}
