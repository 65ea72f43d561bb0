internal import GRDB
internal import SqzProtocol
internal import Varlink

// The one place where rows and the protocol's types meet. A new column: a migration in `Schema`, and here where the row is
// read and where it is made.

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

/// What a new row holds, by the columns' names: the others have what their table gives them.
typealias Columns = KeyValuePairs<String, (any DatabaseValueConvertible)?>

extension Database {
    /// Adds a row; where `replacing`, in place of one with the same key.
    func insert(into table: String, _ columns: Columns, replacing: Bool = false) throws {
        let names = columns.map(\.key).joined(separator: ", ")
        let places = columns.map { _ in "?" }.joined(separator: ", ")
        try cachedStatement(
            sql: "INSERT \(replacing ? "OR REPLACE " : "")INTO \(table) (\(names)) VALUES (\(places))"
        ).execute(arguments: StatementArguments(columns.map(\.value)))
    }
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
            progress: try row.json(Progress.self, "progress"), outcome: try row.json(Outcome.self, "outcome"),
            base: row["base"], keepPartial: row["keepPartial"] ? true : nil,
            finishing: (row["finishAs"] as String?).map { _ in true }, name: row["name"], note: row["note"],
            sweep: row["sweep"], predictionsRemovedAt: row["predictionsRemovedAt"], ranks: row["ranks"],
            launcher: row["launcher"])
    }
}

extension Submission {
    func columns(_ state: State, reason: String?, at time: Int) throws -> Columns {
        [
            "kind": kind, "runner": runner, "state": state.rawValue, "uid": uid, "priority": priority,
            "options": try text(of: options), "dataset": dataset, "model": model, "submittedAt": time, "reason": reason,
            "timeLimit": timeLimit, "deadline": deadline, "maker": maker, "base": base,
            "keepPartial": keepsPartial, "name": name, "note": note, "sweep": sweep,
            "varied": try varied.map(text(of:)), "ranks": launch?.ranks, "launcher": launch?.launcher,
        ]
    }
}

/// With the names in order, so that equal options are equal texts.
private func text(of options: [String: JSONValue]) throws -> String {
    let members = try options.sorted { $0.key < $1.key }.map { name, value in
        String(decoding: try JSON.encode([name: value]).dropFirst().dropLast(), as: UTF8.self)
    }
    return "{\(members.joined(separator: ","))}"
}

extension Dependency {
    func columns(of id: Int) -> Columns { ["job": id, "after": job, "condition": condition.rawValue] }

    init(job: Int, row: Row) throws {
        let text: String = row["condition"]
        guard let condition = DependencyCondition(rawValue: text) else {
            throw DatabaseError(message: "unknown condition \(text)")
        }
        self.init(job: job, condition: condition)
    }
}

extension Event {
    func columns(of job: Int) throws -> Columns {
        [
            "job": job, "sequence": sequence, "time": time, "kind": kind.rawValue, "state": state?.rawValue,
            "reason": reason, "progress": try jsonText(progress), "outcome": try jsonText(outcome),
        ]
    }

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

extension NewModel {
    func columns(version: Int, job: Int?, sequence: Int, at time: Int) throws -> Columns {
        [
            "name": name, "version": version, "sequence": sequence, "sha256": sha256, "size": size, "runner": runner,
            "made": try jsonText(made), "job": job, "uid": publisher.uid, "dataset": dataset, "createdAt": time,
            "loss": loss,
            "accuracy": accuracy, "warning": warning,
        ]
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
                loss: row["loss"], accuracy: row["accuracy"], warning: row["warning"], bits: made.bits),
            layers: made.layers, history: made.history)
    }
}

extension Imported {
    func columns(
        name: String, sha256: String, size: Int, madeOf: String?, uid: Int, at time: Int
    ) throws -> Columns {
        [
            "name": name, "sha256": sha256, "size": size, "imported": try jsonText(self), "madeOf": madeOf, "uid": uid,
            "createdAt": time,
        ]
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
            width: imported.width, uid: row["uid"], createdAt: row["createdAt"],
            trainByClass: imported.trainByClass, testByClass: imported.testByClass,
            fit: imported.fit)
    }
}
