internal import FoundationEssentials
internal import Glibc
internal import SqzProtocol
internal import Varlink

/// A directory that gets the pictures that a model was wrong about, a PNG each: which of the mistakes it is, the picture's number,
/// its class, and the one that it was put into.
struct MistakePictures {
    private let directory: String

    /// - Throws: `InputError` where there is something already.
    init(directory: String) throws {
        self.directory = directory
        guard mkdir(directory, 0o777) != 0 else { return }
        guard errno == EEXIST else { throw InputError(written: directory, code: errno) }
        guard let stream = opendir(directory) else { throw InputError(written: directory, code: errno) }
        defer { closedir(stream) }
        while let entry = readdir(stream) {
            let name = withUnsafePointer(to: &entry.pointee.d_name) {
                String(cString: UnsafeRawPointer($0).assumingMemoryBound(to: CChar.self))
            }
            guard name == "." || name == ".." else {
                throw InputError(directory, bad: "is not empty; right would be a new directory")
            }
        }
    }

    func write(_ job: Job, _ daemon: Daemon, isSilent: Bool) throws {
        guard let found = job.outcome?.measurement, let dataset = job.dataset else {
            throw UsageError(
                description: "job \(job.id) has measured no data set's pictures; right would be one of sqzctl evaluate")
        }
        let names = job.outcome?.byClass?.map(\.name) ?? []
        var rest = found.mistakes.enumerated().makeIterator()
        var got = found.mistakes.enumerated().makeIterator()
        try daemon.pipeline(
            DatasetsInterface.Picture.self,
            next: { rest.next().map { .init(dataset: dataset, split: found.split, picture: $0.element.picture) } },
            { reply in
                guard let (index, mistake) = got.next(), let png = Data(base64Encoded: reply.data), !png.isEmpty else {
                    throw ConnectionError.malformed("no picture")
                }
                let file = try NewFile(
                    path: "\(directory)/\(Self.name(index + 1, of: found.mistakes.count, mistake, names))", force: false
                )
                try file.write(Array(png))
                try file.commit()
            })
        if !isSilent { Output.line("\(directory): \(Format.count(found.mistakes.count, "picture"))") }
    }

    private static func name(_ place: Int, of count: Int, _ mistake: MeasuredPicture, _ names: [String]) -> String {
        let digits = String(place)
        let rank = String(repeating: "0", count: String(count).count - digits.count) + digits
        let (label, predicted) = (names.name(mistake.label), names.name(mistake.predicted))
        return "\(rank)-\(mistake.picture)-\(label.asFileName)-as-\(predicted.asFileName).png"
    }
}

extension String {
    /// A part of a file's name, which others' text may be: without what means something to shells and file systems, and short.
    fileprivate var asFileName: String {
        let letters = unicodeScalars.prefix(40).map { scalar -> Character in
            scalar.properties.isAlphabetic || ("0"..."9").contains(scalar) || "-_+".unicodeScalars.contains(scalar)
                ? Character(scalar) : "_"
        }
        return letters.isEmpty ? "_" : String(letters)
    }
}
