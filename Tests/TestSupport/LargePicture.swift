/// Pictures of few bytes that take many decoded.
public enum LargePicture {
    /// A black square as a PNG of one bit a pixel: some KB. Its values are three for each pixel.
    public static func png(side: Int) throws -> [UInt8] {
        let script = """
            import struct, sys, zlib
            side = int(sys.argv[1])
            def chunk(kind, data):
                return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))
            rows = zlib.compress(bytes(side * (1 + (side + 7) // 8)), 9)
            header = struct.pack(">IIBBBBB", side, side, 1, 0, 0, 0, 0)
            sys.stdout.buffer.write(
                b"\\x89PNG\\r\\n\\x1a\\n" + chunk(b"IHDR", header) + chunk(b"IDAT", rows) + chunk(b"IEND", b""))
            """
        return try Oracle.run("python3", ["-c", script, "\(side)"])
    }
}
