internal import CZlib

/// Bytes by Huffman codes alone, as a raw deflate stream (RFC 1951) without matches: zlib writes and reads them, as does every other
/// program that knows zip files.
enum HuffmanCoded {
    static func bytes(of values: [UInt8]) -> [UInt8] {
        var stream = z_stream()
        // The longest history of symbols before codes are made anew.
        let status = deflateInit2_(
            &stream, Z_BEST_COMPRESSION, Z_DEFLATED, -MAX_WBITS, MAX_MEM_LEVEL, Z_HUFFMAN_ONLY, ZLIB_VERSION,
            Int32(MemoryLayout<z_stream>.size))
        precondition(status == Z_OK, "zlib has no memory for its tables")
        defer { deflateEnd(&stream) }
        let most = Int(deflateBound(&stream, UInt(values.count)))
        return [UInt8](unsafeUninitializedCapacity: most) { bytes, count in
            values.withUnsafeBufferPointer { values in
                stream.next_in = UnsafeMutablePointer(mutating: values.baseAddress)
                stream.avail_in = UInt32(values.count)
                stream.next_out = bytes.baseAddress
                stream.avail_out = UInt32(most)
                precondition(deflate(&stream, Z_FINISH) == Z_STREAM_END, "zlib's bound is wrong")
                count = most - Int(stream.avail_out)
            }
        }
    }

    /// - Parameters:
    ///   - count: how many values there are, no more and no fewer: what is spent does not depend on the stream.
    ///   - name: what they are, for an error.
    static func decoded(_ bytes: [UInt8], _ count: Int, _ name: String) throws(ModelFileError) -> [UInt8] {
        var stream = z_stream()
        guard inflateInit2_(&stream, -MAX_WBITS, ZLIB_VERSION, Int32(MemoryLayout<z_stream>.size)) == Z_OK else {
            throw ModelFileError("there is no memory to read its \(name)")
        }
        defer { inflateEnd(&stream) }
        // One byte more than may come.
        var isWhole = false
        let values = [UInt8](unsafeUninitializedCapacity: count + 1) { values, found in
            bytes.withUnsafeBufferPointer { bytes in
                stream.next_in = UnsafeMutablePointer(mutating: bytes.baseAddress)
                stream.avail_in = UInt32(bytes.count)
                stream.next_out = values.baseAddress
                stream.avail_out = UInt32(count + 1)
                isWhole = inflate(&stream, Z_FINISH) == Z_STREAM_END && stream.avail_in == 0
                found = count + 1 - Int(stream.avail_out)
            }
        }
        guard isWhole, values.count == count else {
            throw ModelFileError("its \(name) are no \(count) Huffman-coded bytes")
        }
        return values
    }
}
