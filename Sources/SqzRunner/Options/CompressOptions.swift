internal import SqueezeNet
internal import SqzProtocol
internal import Varlink

/// What a compression is told.
struct CompressOptions: JobOptions {
    @Option(
        "target",
        help: """
            How large the model's file may be: 80kB, 0.47MB, or a number of bytes. As many weights become zero as that takes.
            """)
    var target: FileSize? = nil
    @Option(
        "sparsity", minimum: 0, maximum: 0.98,
        help: "Without a target: the share of the weights that become zero; 0.6 where neither is given.")
    var sparsity: Double? = nil
    @Option(
        "bits", minimum: 2, maximum: 8,
        help: """
            Of a code: the other weights of a layer are at most 2^bits - 1 numbers, of a small first or last layer four times as many.
            """)
    var bits = 4
    @Option(
        "epochs", minimum: 0, maximum: 1_000,
        help: """
            How often every picture is seen, taught by the model: half while weights become zero, a third while the others choose among \
            few numbers, then while these learn. Of 0 the weights make up for each other without learning.
            """)
    var epochs = 12
    @Option(.threads) var chosenThreads: Int?

    static let usualSparsity = 0.6
}

extension FileSize: OptionValue {
    static var type: OptionType { .text }
    static var right: String? { examples }
    var text: String? { String(bytes) }

    init?(_ value: JSONValue) {
        guard case .string(let text) = value else { return nil }
        self.init(text)
    }
}
