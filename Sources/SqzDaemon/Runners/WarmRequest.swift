internal import SqzProtocol

extension WarmModel {
    /// Pictures that wait for a model's runner, or that one has. Without any: it is answered when the model is loaded.
    struct Request {
        /// Those that its runner has not looked at.
        var images: [String]
        let top: Int
        /// With each picture's mirror image.
        let flips: Bool
        /// Whose they are.
        let uid: UInt32
        /// Its answer is to say where the time went.
        let wantsTimings: Bool
        let came = ContinuousClock.now
        /// Of those before them.
        var found: [PictureResult] = []
        /// For how long runners had it, and computed what they had of it.
        var inHand = Duration.zero
        var engine: Duration? = .zero
        let reply = PendingReply<Answer>()
        /// Runners that did not survive it.
        var failures = 0
        /// It is not to be others' trouble again: nothing goes to the runner with it.
        var isAlone = false

        init(images: [String], top: Int, flips: Bool = false, uid: UInt32, timings: Bool = false) {
            self.images = images
            self.top = top
            self.flips = flips
            self.uid = uid
            wantsTimings = timings
        }

        /// Whether one call to a runner can have both.
        func goes(with other: Request) -> Bool {
            top == other.top && flips == other.flips && !isAlone && !other.isAlone
        }

        /// A call that it was in was answered.
        mutating func add(inHand time: Duration, engine: Duration?) {
            inHand += time
            // What a runner does not tell of a part, nobody knows of the whole.
            self.engine = engine.flatMap { own in self.engine.map { $0 + own } }
        }

        /// Where its time went until now.
        var timings: Timings {
            Timings(
                queue: (came.duration(to: .now) - inHand).microseconds,
                batch: (inHand - (engine ?? .zero)).microseconds, engine: engine?.microseconds)
        }
    }

    struct Answer: Sendable {
        var results: [PictureResult]
        var timings: Timings?
    }
}

extension Duration {
    fileprivate var microseconds: Int { max(0, Int(self / .microseconds(1))) }
}
