import TestSupport
import Testing
import Varlink

/// Launchers of a configuration.
enum Launchers {
    static func mpirun(_ words: [String], _ more: [String: JSONValue] = [:]) -> JSONValue {
        let usual = ["mpirun", "--quiet", "--bind-to", "none", "--oversubscribe", "-n", "{ranks}"]
        return .object(more.merging(["command": .array((usual + words).map { .string($0) })]) { one, _ in one })
    }

    /// The usual one, and some that are not as they should be.
    static let all: [String: JSONValue] = [
        "mpirun": mpirun([]),
        "narrow": mpirun([], ["ranks": .integer(2)]),
        "theirs": mpirun([], ["users": .array([.string(OtherUser.name)])]),
        "ours": mpirun([], ["users": .array([.string("root"), .string("@no-such-group")])]),
        "absent": .object(["command": .array([.string("/nowhere/mpirun"), .string("{ranks}")])]),
        // Whose machines are not alike.
        "mixed": mpirun([
            "sh", "-c", "test $OMPI_COMM_WORLD_RANK = 0 || export SQZ_KERNELS=scalar; exec \"$@\"", "sh",
        ]),
        // Whose second process does not begin.
        "lame": mpirun(["sh", "-c", "test $OMPI_COMM_WORLD_RANK = 0 || exit 3; exec \"$@\"", "sh"]),
    ]

    /// OpenMPI's launcher refuses to run as root, as tests may, unless it is told so twice.
    static let environment = ["OMPI_ALLOW_RUN_AS_ROOT": "1", "OMPI_ALLOW_RUN_AS_ROOT_CONFIRM": "1"]
}

extension Trait where Self == ConditionTrait {
    /// OpenMPI's launcher.
    static var needsMPI: Self {
        .enabled("mpirun is not installed (openmpi-bin)") {
            try Transcript.run(["sh", "-c", "command -v mpirun"]).ending == .exited(0)
        }
    }
}
