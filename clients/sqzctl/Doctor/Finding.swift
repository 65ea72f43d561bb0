/// What one of the doctor's looks came to.
struct Finding: Encodable {
    enum State: String, Encodable {
        case ok, warning, failed

        var paint: Paint? {
            switch self {
            case .ok: .green
            case .warning: .yellow
            case .failed: .red
            }
        }
    }

    let name: String
    let state: State
    let found: String
    /// What to do, where something is amiss.
    let advice: String?

    static func ok(_ name: String, _ found: String) -> Self {
        Self(name: name, state: .ok, found: found, advice: nil)
    }

    static func warning(_ name: String, _ found: String, _ advice: String) -> Self {
        Self(name: name, state: .warning, found: found, advice: advice)
    }

    static func failed(_ name: String, _ found: String, _ advice: String) -> Self {
        Self(name: name, state: .failed, found: found, advice: advice)
    }

    /// A warning where something is amiss.
    static func expect(_ name: String, _ isFine: Bool, _ found: String, else advice: String) -> Self {
        isFine ? ok(name, found) : warning(name, found, advice)
    }
}
