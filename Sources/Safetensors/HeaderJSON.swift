/// The JSON of a header as it stands in the file: tensors by name, in the order of the file, and `__metadata__`.
struct HeaderJSON: Codable {
    struct Tensor: Codable {
        let dtype: String
        let shape: [Int]
        /// First byte and the byte after the last, counted from the end of the header.
        let offsets: [Int]

        enum CodingKeys: String, CodingKey {
            case dtype, shape
            case offsets = "data_offsets"
        }
    }

    static let metadataKey = "__metadata__"

    var tensors: [(name: String, tensor: Tensor)] = []
    var metadata: [String: String] = [:]

    private struct Key: CodingKey {
        let stringValue: String
        var intValue: Int? { nil }
        init(stringValue: String) { self.stringValue = stringValue }
        init?(intValue: Int) { nil }
    }

    init() {}

    init(from decoder: any Decoder) throws {
        let container = try decoder.container(keyedBy: Key.self)
        for key in container.allKeys {
            if key.stringValue == Self.metadataKey {
                metadata = try container.decode([String: String].self, forKey: key)
            } else {
                tensors.append((key.stringValue, try container.decode(Tensor.self, forKey: key)))
            }
        }
    }

    /// Metadata by sorted name: the same declaration gives the same bytes, whatever order a dictionary has today.
    func encode(to encoder: any Encoder) throws {
        var container = encoder.container(keyedBy: Key.self)
        if !metadata.isEmpty {
            var strings = container.nestedContainer(keyedBy: Key.self, forKey: Key(stringValue: Self.metadataKey))
            for (name, value) in metadata.sorted(by: { $0.key < $1.key }) {
                try strings.encode(value, forKey: Key(stringValue: name))
            }
        }
        for (name, tensor) in tensors {
            try container.encode(tensor, forKey: Key(stringValue: name))
        }
    }
}
