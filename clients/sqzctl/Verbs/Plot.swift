internal import ArgumentParser
internal import SqzProtocol

struct Plot: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Draws loss, accuracy and learning rate of trainings.",
        discussion: """
            On the terminal, or as one picture of all the jobs: SVG, or PNG by rsvg-convert of Debian's librsvg2-bin. For example:
              sqzctl plot 7
              sqzctl plot 7 8 9 -o rates.svg
              sqzctl plot sweep-9 -o sweep.png
            """)

    @Argument(help: JobWord.help) var jobs: [JobWord]
    @Option(
        name: [.short, .long], help: "The file, whose name ends in .svg or .png; - is standard output, as SVG.",
        completion: .file(extensions: ["svg", "png"]))
    var output: String?
    @Flag(help: "Replace the file if it exists.") var force = false
    @OptionGroup var common: Common

    func validate() throws {
        guard let output else { return }
        guard output == "-" || output.hasSuffix(".svg") || output.hasSuffix(".png") else {
            throw ValidationError("-o \(output): right would be a name that ends in .svg or .png")
        }
        if common.json { throw ValidationError("-o and --json exclude each other") }
    }

    /// A further one would have the colour and the mark of another.
    private static let mostJobs = 12

    func run() throws {
        let daemon = try Daemon(common.quiet)
        var ids: [Int] = []
        for id in try jobs.flatMap({ try daemon.ids(of: $0) }) where !ids.contains(id) { ids.append(id) }
        guard ids.count <= Self.mostJobs else {
            throw UsageError(
                description: "\(ids.count) jobs are too many for a picture; right would be \(Self.mostJobs)")
        }
        if common.json {
            for id in ids { try Daemon(common).show(JobsInterface.Show.self, .init(id: id, history: true)) { _ in } }
            return
        }
        let all = try ids.map { try daemon.trainingRun($0) }
        let runs = all.filter(\.hasFigures)
        guard !runs.isEmpty else {
            let named = Format.count(ids.count, "job")
            throw UsageError(
                description: "\(named) without figures of epochs; right would be a training that runs or ran")
        }
        for run in all where !run.hasFigures { Output.error("\(run.name) has no figures of epochs, and is left out") }
        let charts = TrainingCharts(runs)
        guard let output else { return printCurves(runs, charts) }
        let title = runs.count == 1 ? runs[0].name : "\(runs.count) jobs"
        let svg = charts.drawing(title: title)
        if output == "-" { return Output.write(svg) }
        let file = try NewFile(path: output, force: force)
        try file.write(output.hasSuffix(".png") ? PNGConversion.png(of: svg, for: output) : Array(svg.utf8))
        try file.commit()
        if file.isFile { Output.line("\(output): \(Format.count(runs.count, "job"))") }
    }

    private func printCurves(_ runs: [TrainingRun], _ charts: TrainingCharts) {
        for (index, chart) in charts.charts.enumerated() {
            if index > 0 { Output.line("") }
            Output.line(chart.title)
            let width = chart.lines.map(\.name.columns).max() ?? 0
            var fields = Fields()
            for line in chart.lines {
                let values = line.points.map(\.y)
                let ends = HistoryTable.ends(values, chart.isPercentage ? Format.percent : Format.figure)
                let room = Fields.room(names: width, orElse: 80) - 2 - ends.columns
                fields.add(line.name, "\(Sparkline.text(values, columns: min(max(room, 8), 60)))  \(ends)")
            }
            fields.print()
        }
    }
}
