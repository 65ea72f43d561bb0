internal import CSystemd
internal import Glibc
public import Logging

/// Writes to the journal natively: a log's metadata become fields of the entry, under their own names
/// (systemd.journal-fields(7)).
public struct JournalLogHandler: LogHandler {
    public var metadata: Logger.Metadata = [:]
    public var logLevel: Logger.Level = .info
    private let identifier: String

    public init(identifier: String) { self.identifier = identifier }

    /// Whether standard error is connected to the journal, which then takes entries natively too (`$JOURNAL_STREAM`,
    /// systemd.exec(5)).
    public static var isAvailable: Bool {
        guard let stream = getenv("JOURNAL_STREAM") else { return false }
        var status = stat()
        return fstat(STDERR_FILENO, &status) == 0 && String(cString: stream) == "\(status.st_dev):\(status.st_ino)"
    }

    public subscript(metadataKey key: String) -> Logger.Metadata.Value? {
        get { metadata[key] }
        set { metadata[key] = newValue }
    }

    public func log(event: LogEvent) {
        var fields = [
            "MESSAGE=\(event.message)", "PRIORITY=\(Self.priority(event.level))", "SYSLOG_IDENTIFIER=\(identifier)",
            "CODE_FILE=\(event.file)", "CODE_LINE=\(event.line)", "CODE_FUNC=\(event.function)",
        ]
        for (key, value) in metadata.merging(event.metadata ?? [:], uniquingKeysWith: { $1 }) {
            fields.append("\(key)=\(value)")
        }
        Self.send(fields)
    }

    private static func send(_ fields: [String]) {
        var buffers = fields.map { field in
            let bytes = UnsafeMutableRawBufferPointer.allocate(byteCount: field.utf8.count, alignment: 1)
            bytes.copyBytes(from: field.utf8)
            return iovec(iov_base: bytes.baseAddress, iov_len: bytes.count)
        }
        // A full journal is no reason to stop: there is nowhere left to say it.
        _ = sd_journal_sendv(&buffers, CInt(buffers.count))
        for buffer in buffers { buffer.iov_base?.deallocate() }
    }

    /// syslog(3)
    private static func priority(_ level: Logger.Level) -> CInt {
        switch level {
        case .trace, .debug: LOG_DEBUG
        case .info: LOG_INFO
        case .notice: LOG_NOTICE
        case .warning: LOG_WARNING
        case .error: LOG_ERR
        case .critical: LOG_CRIT
        }
    }
}
