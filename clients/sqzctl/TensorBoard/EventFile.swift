internal import FoundationEssentials
internal import SqzProtocol
internal import SwiftProtobuf

/// What a job came to, as a file that TensorBoard reads.
struct EventFile {
    /// TensorBoard knows such files by this part of their names.
    static func name(of job: Job) -> String { "events.out.tfevents.\(job.submittedAt / 1_000_000).sqzd.job-\(job.id)" }

    private(set) var bytes: [UInt8] = []

    init(_ run: TrainingRun) throws {
        let job = run.job
        let start = job.startedAt ?? job.submittedAt
        try add(at: start) { $0.fileVersion = "brain.Event:2" }
        try add(at: start) { $0.summary = Tensorboard_Summary([.text("options", Self.table(of: job))]) }
        try add(at: start) { $0.summary = Tensorboard_Summary([try .start(of: job, at: start)]) }
        for (time, progress) in run.epochs {
            let scalars = Self.scalars.compactMap { name, value in value(progress).map { (name, $0) } }
            try add(at: time, step: progress.epoch) {
                $0.summary = Tensorboard_Summary(scalars.map { .scalar($0, $1) })
            }
        }
        try addOutcome(of: job, step: job.outcome?.epoch ?? run.epochs.last?.progress.epoch ?? 0)
    }

    private mutating func addOutcome(of job: Job, step: Int) throws {
        guard let end = job.endedAt else { return }
        try add(at: end) { $0.summary = Tensorboard_Summary([try .end(of: job, at: end)]) }
        guard let outcome = job.outcome else { return }
        let scalars: [(String, Double?)] = [
            ("outcome/loss", outcome.loss), ("outcome/accuracy", outcome.accuracy),
            ("outcome/top-5 accuracy", outcome.measurement?.topFive),
            ("outcome/calibration error", outcome.measurement?.calibrationError),
        ]
        try add(at: end, step: step) {
            $0.summary = Tensorboard_Summary(scalars.compactMap { name, value in value.map { .scalar(name, $0) } })
        }
        guard let found = outcome.measurement, let classes = outcome.byClass?.count,
            let picture = ConfusionPicture(found, classes: classes)
        else { return }
        try add(at: end, step: step) { $0.summary = Tensorboard_Summary([.picture("confusion matrix", picture)]) }
    }

    /// Those of a name before the slash are shown together.
    private static let scalars: [(String, @Sendable (Progress) -> Double?)] = [
        ("loss/training", { $0.loss }), ("loss/validation", { $0.validationLoss }),
        ("accuracy/training", { $0.accuracy }), ("accuracy/validation", { $0.validationAccuracy }),
        ("learning rate", { $0.learningRate }), ("images per second", { $0.imagesPerSecond }),
    ]

    /// As Markdown, which is what TensorBoard's texts are.
    private static func table(of job: Job) -> String {
        func cell(_ text: String) -> String {
            String(text.cell.flatMap { "\\`*_{}[]<>()#+-.!|~".contains($0) ? ["\\", $0] : [$0] })
        }
        let named = [("kind", job.kind), ("data set", job.dataset), ("model", job.model)]
        let options = job.options.sorted { $0.key < $1.key }.map { ("--" + $0.key, Optional($0.value.plain)) }
        let rows = (named + options).compactMap { name, value in value.map { "| \(cell(name)) | \(cell($0)) |" } }
        return (["| option | value |", "| --- | --- |"] + rows).joined(separator: "\n")
    }

    /// A TFRecord: the length, its checksum, the bytes, their checksum.
    private mutating func add(at time: Int, step: Int = 0, _ fill: (inout Tensorboard_Event) throws -> Void) throws {
        var event = Tensorboard_Event()
        event.wallTime = Double(time) / 1e6
        event.step = Int64(step)
        try fill(&event)
        let message: [UInt8] = try event.serializedBytes()
        let length = Self.littleEndian(UInt64(message.count))
        bytes += length + Self.littleEndian(Self.masked(length)) + message + Self.littleEndian(Self.masked(message))
    }

    /// As tensorflow/core/lib/hash/crc32c.h has it, so that a checksum of checksums is a good one.
    private static func masked(_ bytes: [UInt8]) -> UInt32 {
        let checksum = CRC32.castagnoli.checksum(of: bytes)
        return (checksum >> 15 | checksum << 17) &+ 0xA282_EAD8
    }

    private static func littleEndian(_ value: some FixedWidthInteger) -> [UInt8] {
        withUnsafeBytes(of: value.littleEndian) { Array($0) }
    }
}

extension Tensorboard_Summary {
    fileprivate init(_ values: [Value]) { value = values }
}

extension Tensorboard_Summary.Value {
    fileprivate static func scalar(_ tag: String, _ number: Double) -> Self {
        var value = Self()
        value.tag = tag
        value.simpleValue = Float(number)
        return value
    }

    fileprivate static func text(_ tag: String, _ text: String) -> Self {
        var value = Self()
        value.tag = tag
        value.metadata.pluginData.pluginName = "text"
        value.tensor.dtype = 7
        var dimension = Tensorboard_Tensor.Dimension()
        dimension.size = 1
        value.tensor.tensorShape.dim = [dimension]
        value.tensor.stringVal = [Data(text.utf8)]
        return value
    }

    fileprivate static func picture(_ tag: String, _ picture: ConfusionPicture) -> Self {
        var value = Self()
        value.tag = tag
        value.image.height = Int32(picture.width)
        value.image.width = Int32(picture.width)
        value.image.colorspace = 3
        value.image.encodedImageString = Data(picture.png)
        return value
    }
}
