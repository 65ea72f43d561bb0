internal import Glibc
internal import SqueezeNet
internal import SqzProtocol

/// What frozen modules make of a training's pictures: computed once, in a file without a name, which goes with this object.
final class KeptFeatures {
    private let memory: UnsafeMutableRawPointer
    private let bytes: Int
    /// Values of a picture.
    private let count: Int
    private let pictures: Int
    private let views: Int

    /// Bytes that a training may keep.
    static let largest = 8 << 30
    /// Pictures between two looks at whether to stop.
    private static let chunk = 128

    /// - Parameters:
    ///   - pictures: how many there are, in how many views each.
    ///   - directory: where there is room for the file.
    ///   - rank: each has one of its own.
    private init(pictures: Int, views: Int, count: Int, directory: String, rank: Int) throws {
        self.count = count
        self.pictures = pictures
        self.views = views
        bytes = pictures * views * count * MemoryLayout<Float>.size
        guard bytes <= Self.largest else {
            throw SqzError.invalidOption(
                option: "freeze",
                reason: """
                    the features of \(pictures) pictures\(views > 1 ? " in \(views) views" : "") are \(bytes) bytes, of which at most \
                    \(Self.largest) are kept; fewer views, a smaller resize or a number of modules are right
                    """)
        }
        let path = directory + "/features-\(rank)"
        let descriptor = open(path, O_RDWR | O_CREAT | O_TRUNC | O_CLOEXEC, 0o600)
        guard descriptor >= 0 else { throw Self.failure() }
        defer { close(descriptor) }
        guard unlink(path) == 0 else { throw Self.failure() }
        // So that a full disk is told now, and not by a signal.
        let status = posix_fallocate(descriptor, 0, off_t(bytes))
        guard status == 0 else { throw Self.failure(status) }
        guard let memory = mmap(nil, bytes, PROT_READ | PROT_WRITE, MAP_SHARED, descriptor, 0), memory != MAP_FAILED
        else { throw Self.failure() }
        self.memory = memory
    }

    deinit { munmap(memory, bytes) }

    private static func failure(_ code: CInt = errno) -> SqzError {
        .failed(reason: "features can't be kept: \(String(cString: strerror(code)))")
    }

    /// Computes the features of examples; nil if it was asked to stop, or to finish.
    /// - Parameters:
    ///   - views: with 1 the pictures are as classifying sees them; of more each is cropped and mirrored at random.
    ///   - progress: gets how many were computed, each view for itself.
    static func compute(
        _ examples: [Example], views: Int, _ trainer: Trainer, in directory: String, inbox: Inbox, ranks: Ranks,
        progress: (_ done: Int) throws -> Void
    ) throws -> KeptFeatures? {
        let kept = try KeptFeatures(
            pictures: examples.count, views: views, count: trainer.featureCount, directory: directory,
            rank: ranks.collective.rank)
        for view in 0..<views {
            for start in stride(from: 0, to: examples.count, by: chunk) {
                let asked = ranks.asked(inbox)
                if asked.stop || asked.finish { return nil }
                let part = examples[start..<min(start + chunk, examples.count)]
                trainer.computeFeatures(
                    of: Array(part), epoch: views > 1 ? view + 1 : nil, into: kept.place(start, view: view))
                try progress(view * examples.count + part.endIndex)
            }
        }
        return kept
    }

    private func place(_ picture: Int, view: Int) -> UnsafeMutablePointer<Float> {
        memory.assumingMemoryBound(to: Float.self) + (view * pictures + picture) * count
    }

    /// A picture's, in the view of an epoch; epochs count from 1.
    func features(_ picture: Int, epoch: Int = 1) -> UnsafePointer<Float> {
        UnsafePointer(place(picture, view: (epoch - 1) % views))
    }
}
