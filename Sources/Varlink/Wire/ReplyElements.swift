internal import Glibc

/// A reply whose first parameter is a list, taken apart without reading the elements, so that each can be passed on as it is. Only
/// a reply without white space between its words, and whose elements are objects, is seen as one.
public struct ReplyElements {
    public struct Element {
        /// Where it is in the message.
        public let range: Range<Int>
        /// It has one of the members that were asked for, or a string that is called so.
        public let isMarked: Bool
    }

    public let all: [Element]
    /// The message as it would be if the list were empty.
    private let others: [UInt8]

    /// - Parameters:
    ///   - parameter: a plain name.
    ///   - members: of elements that are to be marked.
    ///   - message: without its NUL.
    ///   - isKnown: whether an element's text is known to be JSON, so that it need not be parsed.
    public init?(
        of parameter: String, marking members: [String], in message: UnsafeRawBufferPointer,
        isKnown: (UnsafeRawBufferPointer) -> Bool = { _ in false }
    ) {
        self.init(shapeOf: parameter, marking: members, in: message)
        // A text that has only matching brackets may still be no JSON.
        let areTexts = all.allSatisfy {
            let text = UnsafeRawBufferPointer(rebasing: message[$0.range])
            return isKnown(text) || JSON.isText(text)
        }
        guard areTexts else { return nil }
    }

    /// Reads each element once.
    ///
    /// - Parameter body: gets an element's text, which is JSON if it can be parsed; gives nil where it wants the message read as any.
    /// - Returns: What `body` gave for each, and the reply as if the list were empty; nil where the message is to be read as any.
    public static func read<Element>(
        _ parameter: String, in message: UnsafeRawBufferPointer,
        _ body: (UnsafeRawBufferPointer) throws -> Element?
    ) throws -> (elements: [Element], reply: Reply)? {
        guard let shape = ReplyElements(shapeOf: parameter, marking: [], in: message) else { return nil }
        var elements: [Element] = []
        elements.reserveCapacity(shape.all.count)
        for element in shape.all {
            guard let read = try body(UnsafeRawBufferPointer(rebasing: message[element.range])) else { return nil }
            elements.append(read)
        }
        return (elements, try shape.reply())
    }

    /// Of what has the brackets of such a reply.
    private init?(shapeOf parameter: String, marking members: [String], in message: UnsafeRawBufferPointer) {
        let starts = ["{", #"{"continues":true,"#].map { Array("\($0)\"parameters\":{\"\(parameter)\":[".utf8) }
        guard let start = starts.first(where: message.starts(with:)) else { return nil }
        let members = members.map { Array($0.utf8) }
        var all: [Element] = []
        var place = start.count
        while place < message.count, message[place] != UInt8(ascii: "]") || !all.isEmpty {
            guard let element = Self.object(message, from: place, marking: members) else { return nil }
            all.append(element)
            place = element.range.upperBound
            // A comma is between two.
            guard place < message.count, message[place] == UInt8(ascii: ",") else { break }
            place += 1
        }
        guard place < message.count, message[place] == UInt8(ascii: "]") else { return nil }
        let others = start + message[place...]
        guard others.elementsEqual(start + Self.end) || others.withUnsafeBytes(JSON.isText) else { return nil }
        self.all = all
        self.others = others
    }

    /// What ends a message with no other parameters.
    private static let end = Array("]}}".utf8)

    /// The reply, as if the list were empty.
    public func reply() throws(MalformedMessage) -> Reply {
        try others.withUnsafeBytes { bytes in Result { () throws(MalformedMessage) in try Reply(parsing: bytes) } }
            .get()
    }

    /// The object which begins here.
    private static func object(
        _ bytes: UnsafeRawBufferPointer, from start: Int, marking members: [[UInt8]]
    ) -> Element? {
        var isMarked = false
        let end = Survey.endOfObject(bytes, from: start) { string in
            isMarked = isMarked || members.contains { $0.elementsEqual(string) }
        }
        return end.map { Element(range: start..<$0, isMarked: isMarked) }
    }
}
