/// Everything that a user can make the daemon spend, and how much of it; clients know it too. Each has a test that meets it.
public enum Limits {
    /// How many milliseconds a caller may want pictures to wait at most.
    public static let classifyTimeout = 1...3_600_000
    // Connections
    public static let connections = 4_096
    public static let connectionsPerUser = 1_024
    /// The share of the file descriptors that connections may take at most: the rest is for runners and files.
    public static let descriptorShare = 0.75
    /// Bytes in messages that are not answered yet, beyond the 16 KiB that each connection's buffer may hold.
    public static let messageBytesPerUser = 128 << 20
    public static let messageBytes = 512 << 20
    /// A streaming reply comes at least this often.
    public static let keepalive = Duration.seconds(25)

    // The queue; paused jobs count as queued
    public static let queuedJobs = 20_000
    public static let queuedJobsPerUser = 10_000
    public static let priorities = -100...100
    public static let jobsAfter = 64
    /// Seconds that a job may be given, and that its deadline may be away: ten years.
    public static let longestTime = 10 * 366 * 86_400
    /// How often a job whose runner crashes is tried again in a row, if it comes no further.
    public static let retries = 3
    public static let listedJobs = 1_000
    /// Jobs of a sweep, which are one message and one transaction.
    public static let sweepJobs = 256
    /// How the names of sweeps begin that were given none.
    public static let sweepPrefix = "sweep-"
    /// Epochs that are told of a job at once, the last ones.
    public static let listedEpochs = 1_000
    public static let predictionsPerReply = 1_000
    /// Their bytes: of many classes fewer predictions fit into a message.
    public static let predictionBytesPerReply = 4 << 20
    /// How many pictures in a wrong class a job can be asked to list, and how many are listed otherwise; and kinds of confusion, as many
    /// as 128 classes can have.
    public static let mistakes = 0...1_000
    public static let mistakesListed = 20
    public static let confusionCells = 16_384
    public static let calibrationBins = 64
    /// Bytes of what a runner writes that are kept, and of one line of it.
    public static let logBytes = 1 << 20
    public static let logLine = 4_096
    /// How long a runner may take to say what it is.
    public static let describeSeconds = 10
    /// And what it may say: kinds, the options of one, the choices and the bounds of one, bytes of a text.
    public static let describedKinds = 64
    public static let describedOptions = 256
    public static let describedChoices = 1_000
    /// Processes of a job, whatever its runner says.
    public static let ranks = 1...4_096
    public static let describedBounds = 64
    public static let describedBytes = 4_096
    /// Bytes of all of that, so that a reply with what every runner says of itself fits into a message.
    public static let describedTotal = 1 << 20
    /// Bytes of a text about a job or a model that others wrote: a thousand of each fit into a message.
    public static let toldBytes = 512
    /// What a runner may say of a job: epochs, steps, pictures; of a model's classes and layers, how many, and the bytes of a name.
    public static let describedCount = 1_000_000_000_000
    public static let describedClasses = 65_536
    public static let describedLayers = 10_000
    public static let classNameBytes = 255
    /// And what a model is that it made.
    public static let inspectSeconds = 60
    /// And sentences about a model that it converted.
    public static let importRemarks = 32
    /// And generations of a model's history, options and remarks of one.
    public static let generations = 16
    public static let generationTexts = 64
    /// Lines that a runner writes into the daemon's own log: these at once, and these every second.
    public static let journalLines = 200
    public static let journalLinesPerSecond = 20.0

    // Classifying
    public static let imagesPerCall = 1_024
    /// Bytes of a picture's file: as base64 it fits a message, and leaves room for the rest of the call. A photograph of 50
    /// megapixels has as many.
    public static let imageBytes = 12_000_000
    /// How many of a picture's classes a call may ask for, and how many it gets if it does not say.
    public static let classesToName = 1...1_000
    public static let classesNamed = 5
    public static let waitingCalls = 256
    /// Of all users together.
    public static let allWaitingCalls = 1_024
    /// Models that are kept loaded; each is a process.
    public static let loadedModels = 8
    /// Runners of one model, and those of all models beyond the first of each.
    public static let runnersPerModel = 1...4
    public static let furtherRunners = 4
    /// How many milliseconds pictures may be made to wait for others, and how many seconds a model that nobody uses may stay.
    public static let servingDelays = 0...10_000
    public static let servingKeeps = 1...86_400
    /// Models whose calls are counted; a further one takes the place of the one that was used longest ago.
    public static let measuredModels = 128
    /// Names whose models stay loaded, so that others' can be too.
    public static let pinnedModels = 4
    /// Pictures that are classified in one go, however many calls they came in, where a model's settings say nothing else.
    public static let imagesPerBatch = 64
    /// Bytes of those, as base64, where calls are joined: half of what a message to a runner may hold.
    public static let bytesPerBatch = 8 << 20
    /// Width × height × channels of the pictures that a runner decodes before it answers, which is how long one user's pictures
    /// hold up another's: as much as the largest that is read has, 0.5 s (JPEG, WebP) to 1.2 s (PNG) on one processor.
    public static let decodedValues = 1 << 28
    /// How often a call of more than that goes to the runner, each time behind the others that wait: ten seconds of one processor.
    public static let turnsPerCall = 8

    // Uploads
    public static let uploadBytes = 8 << 30
    public static let uploadBytesPerUser = 16 << 30
    /// As base64 it is 1 MiB.
    public static let chunkBytes = 768 << 10
    public static let uploadsPerUser = 1_024
    /// Those of one user whose bytes come at the same time, each on a connection of its own.
    public static let uploadsAtOnce = 64
    /// Bytes that are read at once of such a connection; the daemon holds three times as many of it at most.
    public static let uploadPieceBytes = 128 << 10
    public static let filesPerDataset = 256
    /// Rows and columns that pictures may become when they are imported.
    public static let pictureSides = 1...1_024
    /// Bytes of a picture's file that is imported.
    public static let pictureFileBytes = 64 << 20
    /// Bytes of the path that a picture had in what was imported: 1,024, each of which may be three as UTF-8 if it was none.
    public static let picturePathBytes = 3_072
    /// Calls of one user that are worked on at the same time; their others wait.
    public static let callsAtOnce = 4
    /// Imports at the same time; each is a process.
    public static let imports = 4
    /// Models that are exported at the same time, one for each user; each is a process.
    public static let exports = 4
    /// How long the next piece may take to be made, and to be taken by the client.
    public static let exportPieceSeconds = 20
    /// The largest of our networks has 140 MB.
    public static let exportBytes = 256 << 20
    public static let exportModuleBytes = 64 << 10
    public static let uploadLifetime = 24 * 3_600
    /// Seconds after which one to which nothing was added may be removed by `Prune`.
    public static let uploadIdle = 3_600

    /// Backups at the same time, each with a copy of the records on the disk.
    public static let backups = 1

    // Removing, so that others have their turn between two transactions
    public static let jobsRemovedAtOnce = 200
    public static let rowsRemovedAtOnce = 2_000

    // Text
    /// Of a name of a model, a data set or a tag, and of the user before it.
    public static let nameBytes = 64
    public static let tagsPerModel = 64
    /// How many promotions of a model can be taken back.
    public static let promotions = 64
    public static let listedRemovals = 1_000
    /// Of an option of a job that is a text.
    public static let optionBytes = 1_024
}
