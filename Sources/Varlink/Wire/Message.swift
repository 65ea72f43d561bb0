/// Messages as they are sent: a header, the parameters unless there are none, and the NUL that ends them.
enum Message {
    /// The parameters are encoded by themselves, so that none (`{}`) can be left out, as UAPI.20 wants it.
    static func bytes(_ header: some Encodable, _ parameters: some Encodable) throws(JSONError) -> [UInt8] {
        var bytes = try JSON.encode(header)
        let parameters = try JSON.encode(parameters)
        bytes.reserveCapacity(bytes.count + parameters.count + 32)
        if parameters.count > 2 {
            bytes.removeLast()
            if bytes.count > 1 { bytes.append(UInt8(ascii: ",")) }
            bytes += #""parameters":"#.utf8
            bytes += parameters
            bytes.append(UInt8(ascii: "}"))
        }
        bytes.append(0)
        return bytes
    }
}
