internal import SqzProtocol
internal import Varlink

// What was done, with what, where, and how to do it again.
extension ReportPage {
    var origin: String? {
        var parts: [String] = []
        if let command {
            parts += ["<h3>The command</h3>", "<pre><code>\(command.escaped)</code></pre>"]
            parts.append(
                HTML.paragraph(
                    "The same data, options and seed give the same weights, by the same version on the same kind of processor."
                ))
        }
        if let job = data.training?.job ?? data.measured {
            let given = job.options
            let options =
                data.kinds.first { $0.name == job.kind }?.all(given, tuning: job.base != nil)
                ?? given.mapValues(\.plain)
            let rows = options.sorted { $0.key < $1.key }.map {
                ["--" + $0.key, $0.value, given[$0.key] == nil ? "by default" : "given"]
            }
            if !rows.isEmpty {
                parts += [
                    "<h3>The options</h3>", HTML.table("Options of job \(job.id)", ["option", "value", ""], rows),
                ]
            }
        }
        parts += ["<h3>The data set</h3>", dataset, "<h3>The machine</h3>", machine]
        return HTML.section("origin", "What it was made of, and how to repeat it", parts)
    }

    private var dataset: String {
        guard let dataset = data.dataset else { return HTML.paragraph("It is not there any more.") }
        return HTML.facts([
            ("name", dataset.name),
            ("pictures", "\(Format.number(dataset.train)) to train, \(Format.number(dataset.test)) to test"),
            ("size of a picture", "\(dataset.height)x\(dataset.width)"),
            ("classes", Format.classes(dataset.classes)), ("format", dataset.format), ("sha256", dataset.sha256),
        ])
    }

    private var machine: String {
        let machine = data.machine
        return HTML.facts([
            ("sqzd", machine.version),
            ("processors", "\(machine.usableProcessors ?? machine.processors) of \(machine.processors)"),
            ("kernels", machine.kernels), ("runner", data.training?.job.runner ?? data.measured?.runner),
            ("submitted by", (data.training?.job ?? data.measured).map { Format.user($0.uid) }),
            ("submitted", (data.training?.job ?? data.measured).map { Format.time($0.submittedAt) }),
            ("model's sha256", data.model?.sha256), ("weights' sha256", data.model?.weightsSha256),
        ])
    }

    /// nil where no job is known.
    private var command: String? {
        guard let job = data.training?.job ?? data.measured else { return nil }
        let isOwn = ["train", "evaluate", "predict"].contains(job.kind)
        var words = ["sqzctl"] + (isOwn ? [job.kind] : ["submit", job.kind])
        func add(_ name: String, _ value: String?) { if let value { words += [name, value] } }
        add("--data", job.dataset)
        add("--model", job.model)
        add("--from", job.base)
        for (name, value) in job.options.sorted(by: { $0.key < $1.key }) {
            switch (isOwn, value) {
            case (false, _): words += ["--option", "\(name)=\(value.plain)"]
            case (true, .bool(let isOn)): words.append((isOn ? "--" : "--no-") + name)
            case (true, _): words += ["--" + name, value.plain]
            }
        }
        return words.map(\.asShellWord).joined(separator: " ")
    }
}

extension String {
    /// As a shell takes it for this one word.
    fileprivate var asShellWord: String {
        let plain = unicodeScalars.allSatisfy { scalar in
            scalar.isASCII
                && (scalar.properties.isAlphabetic || scalar.properties.numericType != nil
                    || "-_./=@,:+".unicodeScalars.contains(scalar))
        }
        guard isEmpty || !plain else { return self }
        return "'" + split(separator: "'", omittingEmptySubsequences: false).joined(separator: #"'\''"#) + "'"
    }
}
