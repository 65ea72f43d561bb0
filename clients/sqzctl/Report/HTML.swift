/// Parts of a page. What is handed over as a text is escaped; what is `raw` is HTML already.
enum HTML {
    /// A table with a heading for each column, which a narrow screen scrolls alone.
    ///
    /// - Parameter numeric: the columns that hold numbers.
    static func table(_ caption: String, _ titles: [String], _ rows: [[String]], numeric: Set<Int> = []) -> String {
        func style(_ column: Int) -> String { numeric.contains(column) ? #" class="number""# : "" }
        let head = titles.enumerated().map { #"<th scope="col"\#(style($0))>\#($1.escaped)</th>"# }.joined()
        let body = rows.map { row in
            "<tr>"
                + row.enumerated().map { column, text in
                    column == 0
                        ? #"<th scope="row"\#(style(0))>\#(text.escaped)</th>"#
                        : "<td\(style(column))>\(text.escaped)</td>"
                }.joined() + "</tr>"
        }.joined(separator: "\n")
        return """
            <div class="scroll" tabindex="0" role="region" aria-label="\(caption.escaped)"><table>
            <caption>\(caption.escaped)</caption>
            <thead><tr>\(head)</tr></thead>
            <tbody>
            \(body)
            </tbody></table></div>
            """
    }

    /// Names and values; those without a value are left out.
    static func facts(_ facts: [(String, String?)], style: String = "facts") -> String {
        let lines = facts.compactMap { name, value in
            value.flatMap { $0.isEmpty ? nil : "<div><dt>\(name.escaped)</dt><dd>\($0.escaped)</dd></div>" }
        }
        return "<dl class=\"\(style)\">\n\(lines.joined(separator: "\n"))\n</dl>"
    }

    static func paragraph(_ text: String) -> String { "<p>\(text.escaped)</p>" }

    static func section(_ id: String, _ title: String, _ raw: [String]) -> String {
        """
        <section id="\(id)" aria-labelledby="\(id)-heading">
        <h2 id="\(id)-heading">\(title.escaped)</h2>
        \(raw.joined(separator: "\n"))
        </section>

        """
    }

    static let style = """
        :root{color-scheme:light dark;--paper:#fff;--ink:#1b1b1b;--faint:#595959;--rule:#d0d0d0;--tint:#f4f4f4;--hit:0,114,178;--miss:213,94,0}
        @media (prefers-color-scheme:dark){:root{--paper:#161616;--ink:#f0f0f0;--faint:#b0b0b0;--rule:#444;--tint:#232323;--hit:86,180,233;--miss:255,138,61}}
        *{box-sizing:border-box}
        body{margin:0 auto;padding:1rem;max-width:60rem;background:var(--paper);color:var(--ink);font:1rem/1.5 system-ui,sans-serif;overflow-wrap:anywhere}
        h1{font-size:1.6rem;line-height:1.2;margin:.5rem 0}h2{font-size:1.25rem;margin:2rem 0 .5rem;border-bottom:1px solid var(--rule)}
        h3{font-size:1rem;margin:1rem 0 .25rem}.faint,caption,figcaption,dt{color:var(--faint)}
        dl{margin:0;display:grid;grid-template-columns:repeat(auto-fill,minmax(min(14rem,100%),1fr));gap:.5rem 1.5rem}dd{margin:0;font-weight:600}
        dl.tiles{grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr))}dl.tiles div{background:var(--tint);padding:.5rem .75rem;border-radius:.4rem}dl.tiles dd{font-size:1.3rem}
        .warning{border-left:.3rem solid rgb(var(--miss));padding:.25rem .75rem;background:var(--tint)}
        .scroll{overflow-x:auto;max-width:100%}table{border-collapse:collapse;font-size:.9rem;font-variant-numeric:tabular-nums}
        caption{text-align:left;padding:.25rem 0}th,td{padding:.2rem .5rem;border-bottom:1px solid var(--rule);text-align:left;vertical-align:top}
        th[scope=row]{font-weight:600;min-width:7rem;max-width:14rem}.number{text-align:right;white-space:nowrap;overflow-wrap:normal}
        .matrix td,.matrix thead th{text-align:right}.matrix td{min-width:2.5rem;white-space:nowrap}.matrix thead th{min-width:4.5rem;max-width:7rem}.curves{display:grid;grid-template-columns:repeat(auto-fill,minmax(min(22rem,100%),1fr));gap:1rem}.curves svg{width:100%}
        svg,img{max-width:100%;height:auto}svg{display:block}
        .pictures{display:grid;grid-template-columns:repeat(auto-fill,minmax(8.5rem,1fr));gap:1rem;padding:0;margin:0}
        figure{margin:0;break-inside:avoid}figure img{width:100%;image-rendering:pixelated;background:var(--tint)}figcaption{font-size:.85rem;line-height:1.35}
        img.pixels{width:20rem;image-rendering:pixelated}pre{background:var(--tint);padding:.75rem;white-space:pre-wrap;border-radius:.4rem}
        @media print{body{max-width:none;padding:0;font-size:10pt}section{break-inside:auto}h2{break-after:avoid}.scroll{overflow:visible}tr,svg{break-inside:avoid}.pictures{grid-template-columns:repeat(5,1fr)}pre,dl.tiles div{border:1px solid var(--rule)}}
        """
}
