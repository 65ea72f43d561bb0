internal import ArgumentParser
internal import SqzProtocol
internal import Varlink

/// What a shell offers where TAB is pressed: names that the daemon knows, asked at that moment.
enum Completions {
    /// Jobs by their ids, the newest first, and sweeps by their names.
    static func jobs(_ states: [State]? = nil, kind: String? = nil) -> CompletionKind {
        asked { daemon, _ in
            let parameters = JobsInterface.List.Parameters(states: states, limit: mostJobs, kind: kind)
            let jobs = try daemon.call(JobsInterface.List.self, parameters).jobs
            return jobs.map { String($0.id) } + Set(jobs.compactMap(\.sweep)).sorted()
        }
    }

    static let sweeps = asked { daemon, _ in
        let jobs = try daemon.call(JobsInterface.List.self, .init(limit: mostJobs)).jobs
        return Set(jobs.compactMap(\.sweep)).sorted()
    }

    /// Jobs that something may still become of.
    static let unendedJobs = jobs([.queued, .running, .paused])

    /// NAME, and once an @ is typed NAME@VERSION and NAME@TAG.
    static let models = asked { daemon, word in
        let models = try daemon.call(ModelsInterface.List.self, NoParameters()).models
        guard word.contains("@") else { return Set(models.map(\.name)).sorted() }
        return models.flatMap { model in
            (["\(model.version)"] + (model.tags ?? [])).map { "\(model.name)@\($0)" }
        }
    }

    /// Models by their names alone.
    static let modelNames = asked { daemon, _ in
        Set(try daemon.call(ModelsInterface.List.self, NoParameters()).models.map(\.name)).sorted()
    }

    static let tags = asked { daemon, _ in
        try daemon.call(ModelsInterface.List.self, NoParameters()).models.flatMap { model in
            (model.tags ?? []).map { "\(model.name)@\($0)" }
        }
    }

    static let jobsAndModels = asked { daemon, word in
        let jobs = try daemon.call(JobsInterface.List.self, .init(limit: mostJobs)).jobs.map { String($0.id) }
        let models = try daemon.call(ModelsInterface.List.self, NoParameters()).models
        return jobs
            + (word.contains("@") ? models.map { "\($0.name)@\($0.version)" } : Set(models.map(\.name)).sorted())
    }

    static let datasets = asked { daemon, _ in
        try daemon.call(DatasetsInterface.List.self, NoParameters()).datasets.map(\.name)
    }

    /// A data set's name; a path where one is begun, or where there is no such name.
    static let data = CompletionKind.custom { words, index, word in
        if PathCompletion.isMeant(by: word) { return PathCompletion.paths(word) }
        let names = CompletionQuery(words, index).answer { daemon in
            try daemon.call(DatasetsInterface.List.self, NoParameters()).datasets.map(\.name)
        }
        return names.contains { $0.hasPrefix(word) } ? names : PathCompletion.paths(word)
    }

    static let kinds = asked { daemon, _ in
        try daemon.call(ManagerInterface.Runners.self, NoParameters()).runners.flatMap(\.kinds).map(\.name)
    }

    /// `name=` for each option of the kind that the command line names, and `name=value` where its values are known.
    static let options = CompletionKind.custom { words, index, _ in
        CompletionQuery(words, index).answer { daemon in
            let kinds = try daemon.call(ManagerInterface.Runners.self, NoParameters()).runners.flatMap(\.kinds)
            guard let kind = kinds.first(where: { words.contains($0.name) }) else { return [] }
            return kind.options.flatMap { option in
                let values = option.type == .flag ? ["true", "false"] : option.choices ?? [""]
                return values.map { "\(option.name)=\($0)" }
            }
        }
    }

    static let states = CompletionKind.list(["queued", "running", "paused", "succeeded", "failed", "cancelled"])

    /// Nobody reads more in a shell.
    private static let mostJobs = 100

    private static func asked(
        _ body: @escaping @Sendable (CompletionQuery.Connection, String) throws -> [String]
    ) -> CompletionKind {
        .custom { words, index, word in CompletionQuery(words, index).answer { try body($0, word) } }
    }
}
