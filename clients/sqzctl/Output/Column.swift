internal import SqzProtocol
internal import Varlink

/// A column of a table, and what an element has in it.
struct Column<Element>: Sendable {
    let title: String
    let isNumber: Bool
    /// Whether its cells are names, of which the end says as much as the beginning.
    private(set) var isName = false
    /// How soon one can do without it, from 1 on; 0: never.
    private(set) var rank = 0
    /// With how many columns a terminal shows enough of it; nil: all.
    private(set) var least: Int?
    private(set) var paint: @Sendable (Element) -> Paint? = { _ in nil }
    /// A cell in so many columns; nil where it is just cut.
    private(set) var fitted: (@Sendable (Element, Int) -> String)?
    let cell: @Sendable (Element) -> String

    private init(_ title: String, isNumber: Bool, _ cell: @escaping @Sendable (Element) -> String) {
        self.title = title
        self.isNumber = isNumber
        self.cell = cell
    }

    static func text(_ title: String, _ cell: @escaping @Sendable (Element) -> String) -> Self {
        Self(title, isNumber: false, cell)
    }

    static func number(_ title: String, _ cell: @escaping @Sendable (Element) -> String) -> Self {
        Self(title, isNumber: true, cell)
    }

    static func name(_ title: String, _ cell: @escaping @Sendable (Element) -> String) -> Self {
        var column = text(title, cell)
        column.isName = true
        return column
    }

    /// A text of parts that can go one by one.
    static func parts(_ title: String, _ parts: @escaping @Sendable (Element) -> Parts) -> Self {
        var column = text(title) { parts($0).text }
        column.fitted = { parts($0).fitted(to: $1) }
        return column
    }

    static func state(_ title: String, _ state: @escaping @Sendable (Element) -> State) -> Self {
        var column = text(title) { state($0).rawValue }
        column.paint = { Paint.of(state($0)) }
        return column
    }

    /// It says what one can do without, and look up.
    var detail: Self { detail(1) }

    /// - Parameter rank: the higher goes first, of equals the last.
    func detail(_ rank: Int) -> Self {
        var column = self
        column.rank = rank
        return column
    }

    /// Its texts may be cut to so many columns before a detail goes.
    func least(_ columns: Int) -> Self {
        var column = self
        column.least = columns
        return column
    }
}

extension Daemon {
    /// Lists what a method tells of.
    func list<M: VarlinkMethod, Element>(
        _ method: M.Type, _ parameters: M.Parameters, _ elements: (M.Reply) -> [Element], _ columns: [Column<Element>]
    ) throws {
        try show(method, parameters) { Table(elements($0), columns).print() }
    }
}
