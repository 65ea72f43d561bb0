extension State {
    /// An end: nothing comes after it.
    public var isEnd: Bool { self == .succeeded || self == .failed || self == .cancelled }
}
