internal import SqzProtocol

/// Text as a part of SVG or HTML.
extension String {
    /// What others wrote, as words and nothing else: between tags, and between quotation marks.
    var escaped: String {
        printable.reduce(into: "") { text, character in
            switch character {
            case "&": text += "&amp;"
            case "<": text += "&lt;"
            case ">": text += "&gt;"
            case "\"": text += "&quot;"
            case "'": text += "&#39;"
            default: text.append(character)
            }
        }
    }
}

/// What all drawings share.
enum SVG {
    /// Okabe and Ito's colours, which those who see fewer of them tell apart; for lines on a dark ground the lighter ones. Custom
    /// properties would be shorter, but librsvg has none.
    static let style: String = {
        let light = ["#0072b2", "#d55e00", "#009e73", "#a6467f", "#8a6100", "#4a4a4a"]
        let dark = ["#56b4e9", "#ff8a3d", "#2fc79a", "#e39ac4", "#e6c200", "#c8c8c8"]
        func rules(_ colours: [String]) -> String {
            colours.enumerated().map { ".c\($0){stroke:\($1)}.f\($0){fill:\($1)}" }.joined()
        }
        return """
            .paper{fill:#fff}.ink{fill:#1b1b1b}.faint{fill:#595959}.grid{stroke:#dcdcdc}.axis{stroke:#767676}\
            .line{fill:none;stroke-width:2;stroke-linejoin:round}.dashed{stroke-dasharray:6 4}\(rules(light))\
            @media (prefers-color-scheme:dark){.paper{fill:#161616}.ink{fill:#f0f0f0}.faint{fill:#b0b0b0}\
            .grid{stroke:#3a3a3a}.axis{stroke:#8c8c8c}\(rules(dark))}
            """
    }()

    /// How many lines differ in their colours.
    static let colours = 6

    static func number(_ value: Double) -> String { Format.decimal(value, places: 1) }

    static func text(
        _ text: String, x: Double, y: Double, _ style: String = "ink", anchor: String = "start", size: Int = 12
    )
        -> String
    {
        """
        <text class="\(style)" x="\(number(x))" y="\(number(y))" text-anchor="\(anchor)" font-size="\(size)">\(text.escaped)</text>
        """
    }

    /// A drawing of its own, which says in words what it shows.
    ///
    /// - Parameter id: by which it is told from others on a page.
    static func drawing(
        id: String, width: Int, height: Int, title: String, description: String, isAlone: Bool, _ content: String
    ) -> String {
        let style = isAlone ? "<style>\(style)</style>" : ""
        return """
            <svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 \(width) \(height)" width="\(width)" height="\(height)" role="img" \
            aria-labelledby="\(id)-title \(id)-words" font-family="system-ui, sans-serif">
            <title id="\(id)-title">\(title.escaped)</title>
            <desc id="\(id)-words">\(description.escaped)</desc>
            \(style)
            <rect class="paper" width="\(width)" height="\(height)"/>
            \(content)
            </svg>

            """
    }
}
