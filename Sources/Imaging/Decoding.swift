internal import CImaging

extension sqz_decoding {
    /// - Throws: why the picture is not whole.
    func check(height: Int) throws(ImagingError) {
        switch ending {
        case SQZ_WHOLE: return
        case SQZ_CUT_OFF: throw .cutOff(missing: height - Int(rows), of: height, "rows")
        default:
            let place = rows > 0 && rows < height ? " at row \(rows) of \(height)" : ""
            throw .broken("\(withUnsafeBytes(of: message, text(of:)))\(place)")
        }
    }
}

/// A C string in an array of C's.
func text(of bytes: UnsafeRawBufferPointer) -> String {
    String(decoding: bytes.prefix { $0 != 0 }, as: UTF8.self)
}
