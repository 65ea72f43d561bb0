internal import GRDB
internal import SqzProtocol
internal import Varlink

// The one place where rows and the protocol's types meet.

extension Row {
    /// A JSON column.
    func json<T: Decodable>(_ type: T.Type, _ column: String) throws -> T? {
        guard let text: String = self[column] else { return nil }
        return try JSON.decode(type, from: Array(text.utf8))
    }
}

/// The text of a JSON column.
func jsonText(_ value: (some Encodable)?) throws -> String? {
    guard let value else { return nil }
    return String(decoding: try JSON.encode(value), as: UTF8.self)
}

extension State {
    init(row: Row) throws {
        let text: String = row["state"]
        guard let state = State(rawValue: text) else {
            throw DatabaseError(message: "unknown state \(text)")
        }
        self = state
    }
}

extension Job {
    /// A job as it is on disk.
    init(row: Row, after: [Dependency]) throws {
        self.init(
            id: row["id"], kind: row["kind"], runner: row["runner"], state: try State(row: row), uid: row["uid"],
            priority: row["priority"], options: try row.json([String: JSONValue].self, "options") ?? [:],
            dataset: row["dataset"], model: row["model"], after: after, timeLimit: row["timeLimit"],
            deadline: row["deadline"], submittedAt: row["submittedAt"], startedAt: row["startedAt"],
            endedAt: row["endedAt"], starts: row["starts"], reason: row["reason"],
            progress: try row.json(Progress.self, "progress"), outcome: try row.json(Outcome.self, "outcome"))
    }
}

extension Dependency {
    init(job: Int, row: Row) throws {
        let text: String = row["condition"]
        guard let condition = DependencyCondition(rawValue: text) else {
            throw DatabaseError(message: "unknown condition \(text)")
        }
        self.init(job: job, condition: condition)
    }
}

extension Event {
    init(row: Row) throws {
        let kind: String = row["kind"]
        guard let kind = EventKind(rawValue: kind) else { throw DatabaseError(message: "unknown event \(kind)") }
        let state: String? = row["state"]
        self.init(
            sequence: row["sequence"], time: row["time"], kind: kind, state: state.flatMap(State.init(rawValue:)),
            reason: row["reason"], progress: try row.json(Progress.self, "progress"),
            outcome: try row.json(Outcome.self, "outcome"))
    }
}

extension Prediction {
    init(row: Row) throws {
        self.init(
            picture: row["picture"], label: row["label"],
            classes: try row.json([ClassProbability].self, "classes") ?? [])
    }
}

extension StoredModel {
    init(row: Row) throws {
        guard let made = try row.json(MadeModel.self, "made") else {
            throw DatabaseError(message: "model without text")
        }
        self.init(
            model: Model(
                name: row["name"], version: row["version"], sha256: row["sha256"],
                weightsSha256: made.weightsSha256, size: row["size"], architecture: made.architecture,
                bypass: made.bypass, classes: made.classes, parameters: made.parameters,
                multiplyAdds: made.multiplyAdds, preprocessing: made.preprocessing, runner: row["runner"],
                job: row["job"], uid: row["uid"], dataset: row["dataset"], createdAt: row["createdAt"],
                loss: row["loss"], accuracy: row["accuracy"]),
            layers: made.layers)
    }
}

extension Dataset {
    init(row: Row) throws {
        guard let imported = try row.json(Imported.self, "imported") else {
            throw DatabaseError(message: "data set without text")
        }
        self.init(
            name: row["name"], sha256: row["sha256"], size: row["size"], format: imported.format,
            train: imported.train, test: imported.test, classes: imported.classes, height: imported.height,
            width: imported.width, uid: row["uid"], createdAt: row["createdAt"])
    }
}
