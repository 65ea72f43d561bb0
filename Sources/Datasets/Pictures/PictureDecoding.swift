internal import Bitmaps
internal import Imaging
internal import Processors
internal import Synchronization

/// The second pass over a tree of pictures: decodes them on several threads.
///
/// `@unchecked Sendable`: what changes is under the lock, the plan and the spool are for all.
final class PictureDecoding: @unchecked Sendable {
    private let plan: PicturePlan
    private let limits: DatasetLimits
    private let spool: SquareSpool
    private let lock = Mutex(())
    // Under the lock:
    private let source: Source
    private var next = 0
    private var done = 0
    private var failure: DatasetError?
    private var problems: [Int: String]
    private var digests: [Int]

    /// What comes of it.
    struct Outcome {
        /// Why pictures can't be read, by their places in the plan.
        let problems: [Int: String]
        /// Of each picture's file; the same bytes have the same one.
        let digests: [Int]
    }

    /// Where pictures' files come from.
    private enum Source {
        case folder(FolderReader)
        /// One reader, and the places of the pictures by their members' ordinals.
        case archive(ArchiveReader, places: [Int: Int], Ordinal)
    }

    private final class Ordinal { var next = 0 }

    private init(
        _ tree: PictureTree, _ plan: PicturePlan, _ spool: SquareSpool, limits: DatasetLimits
    ) throws(DatasetError) {
        self.plan = plan
        self.limits = limits
        self.spool = spool
        var problems: [Int: String] = [:]
        var places: [Int: Int] = [:]
        for (place, picture) in plan.pictures.enumerated() {
            if let problem = picture.candidate.problem { problems[place] = problem }
            if case .archive = tree { places[picture.candidate.entry.ordinal] = place }
        }
        self.problems = problems
        digests = Array(repeating: 0, count: plan.pictures.count)
        switch tree {
        case .folder(let folder): source = .folder(folder)
        case .archive(let file):
            source = .archive(
                try ArchiveReader(try ByteStream(file, limits: limits), limits: limits), places: places, Ordinal())
        }
    }

    /// Decodes all pictures of the plan, as squares in the places of the spool that they have in the plan.
    /// - Parameter progress: gets how many were read.
    static func run(
        _ tree: PictureTree, _ plan: PicturePlan, into spool: SquareSpool, threads: Int, limits: DatasetLimits,
        progress: (Int) -> Void
    ) throws(DatasetError) -> Outcome {
        let decoding = try PictureDecoding(tree, plan, spool, limits: limits)
        Threads.run(decoding.allowed(threads), others: { decoding.work { _ in } }, own: { decoding.work(progress) })
        if let failure = decoding.failure { throw failure }
        progress(decoding.done)
        return Outcome(problems: decoding.problems, digests: decoding.digests)
    }

    /// So many of the threads as the largest pictures leave memory for. A progressive JPEG is there twice while it is decoded.
    private func allowed(_ threads: Int) -> Int {
        let largest = plan.pictures.reduce(1) { largest, picture in
            guard let header = picture.candidate.header else { return largest }
            // What is more is not decoded.
            return max(largest, min(header.decodedBytes, ImagingLimits.values))
        }
        return max(1, min(threads, limits.decodedBytes / (2 * largest), plan.pictures.count))
    }

    /// One thread's share: the next picture, until there is none.
    private func work(_ progress: (Int) -> Void) {
        do throws(DatasetError) {
            while let (place, bytes) = try take() {
                let problem = try decode(bytes, place)
                let digest = bytes.withUnsafeBytes { Self.digest($0) }
                progress(
                    lock.withLock { _ in
                        problems[place] = problem
                        digests[place] = digest
                        done += 1
                        return done
                    })
            }
        } catch {
            lock.withLock { _ in failure = failure ?? error }
        }
    }

    private static func digest(_ bytes: UnsafeRawBufferPointer) -> Int {
        var hasher = Hasher()
        hasher.combine(bytes: bytes)
        return hasher.finalize()
    }

    /// The next picture's place and file; nil where there is none, or nothing is wanted any more.
    private func take() throws(DatasetError) -> (place: Int, bytes: [UInt8])? {
        switch source {
        case .folder(let folder):
            let place: Int? = lock.withLock { _ in
                while next < plan.pictures.count, plan.pictures[next].candidate.problem != nil { next += 1 }
                guard failure == nil, next < plan.pictures.count else { return nil }
                defer { next += 1 }
                return next
            }
            guard let place else { return nil }
            return (place, try folder.read(plan.pictures[place].candidate.entry, limit: limits.pictureFileBytes))
        case .archive(let reader, let places, let ordinal):
            // An archive is read by one at a time.
            let taken = lock.withLock { _ -> Result<(Int, [UInt8])?, DatasetError> in
                guard failure == nil else { return .success(nil) }
                do throws(DatasetError) { return .success(try takeMember(reader, places, ordinal)) } catch {
                    return .failure(error)
                }
            }
            return try taken.get()
        }
    }

    private func takeMember(
        _ reader: ArchiveReader, _ places: [Int: Int], _ ordinal: Ordinal
    ) throws(DatasetError) -> (Int, [UInt8])? {
        while next < plan.pictures.count, let member = try reader.next() {
            defer { ordinal.next += 1 }
            guard let place = places[ordinal.next] else { continue }
            next += 1
            let picture = plan.pictures[place].candidate
            guard picture.problem == nil else { continue }
            guard member.size == picture.entry.size else { throw .changed(picture.entry.path) }
            let bytes: [UInt8]
            do throws(DatasetError) { bytes = try reader.read(picture.entry.size) } catch {
                guard error.code == .damaged else { throw error }
                problems[place] = error.problem
                continue
            }
            guard bytes.count == picture.entry.size else { throw .changed(picture.entry.path) }
            return (place, bytes)
        }
        return nil
    }

    /// Makes a square of a picture; says why it can't be read.
    private func decode(_ bytes: [UInt8], _ place: Int) throws(DatasetError) -> String? {
        let picture = plan.pictures[place].candidate
        let square: Bitmap?
        do throws(ImagingError) {
            square = try bytes.withUnsafeBufferPointer { buffer throws(ImagingError) in
                let bytes = UnsafeRawBufferPointer(buffer)
                // What the size was chosen by, and the memory.
                guard try PictureHeader(of: bytes) == picture.header else { return nil }
                return try Bitmap(decoding: bytes, to: plan.square)
            }
        } catch {
            return "\(error)"
        }
        guard let square else { throw .changed(picture.entry.path) }
        try spool.write(square.planes, at: place)
        return nil
    }
}
