internal import ArgumentParser
internal import SqzProtocol

struct Report: ParsableCommand {
    static let configuration = CommandConfiguration(
        abstract: "Writes a page about a training and its model, for a browser.",
        discussion: """
            It has the curves, the confusion matrix, precision and recall, a reliability diagram, the worst mistakes and the best \
            examples, and how to repeat it; it is one file that needs no network. Of the model's newest evaluation on the same \
            data set, else of what the training validated. For example:
              sqzctl report 7 -o report.html
              sqzctl report birds@2 -o birds.html
            """)

    @Argument(
        help: "A job by its id, or a model as NAME, NAME@VERSION or NAME@TAG.", completion: Completions.jobsAndModels)
    var what: String
    @Option(name: [.short, .long], help: "The file; - is standard output.", completion: .file(extensions: ["html"]))
    var output: String
    @Flag(help: "Replace the file if it exists.") var force = false
    @OptionGroup var common: Common

    func validate() throws {
        if common.json { throw ValidationError("a report is no JSON; sqzctl show and history have that") }
    }

    func run() throws {
        // Before anything is asked for.
        let file = try output == "-" ? nil : NewFile(path: output, force: force)
        let page = ReportPage(data: try ReportData(what, Daemon(common)))
        guard let file else { return Output.write(page.text) }
        try file.write(Array(page.text.utf8))
        try file.commit()
        if file.isFile { Output.line("\(output): \(page.data.title)") }
    }
}
