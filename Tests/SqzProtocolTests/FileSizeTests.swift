import SqzProtocol
import Testing

@Suite struct FileSizeTests {
    @Test(arguments: [
        ("80kB", 80_000), ("0.47MB", 470_000), ("470000", 470_000), ("1GB", 1_000_000_000),
        ("2KiB", 2_048), ("1.5mib", 1_572_864), ("12b", 12),
    ]) func isReadAsPeopleWriteIt(text: String, bytes: Int) { #expect(FileSize(text)?.bytes == bytes) }

    @Test(arguments: [
        "", "kB", "-1kB", "0", "0.1", "1e3", "nan", "inf", "1.2.3MB", "80 kB", "80kb!", "1e20MB", "0x10", "99999GB",
    ])
    func whatIsNoneIsRefused(text: String) { #expect(FileSize(text) == nil) }
}
