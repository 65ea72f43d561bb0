// What a runner says of a job is kept, added up and shown to others: numbers that can't be are refused, so that the job fails
// and nothing else does; texts are for people and cut.

extension RunnerInterface.Run.Reply {
    /// With texts of a length that lists can hold.
    /// - Throws: `SqzError.runnerFailed` where a number can't be.
    public func checked() throws -> Self {
        var reply = self
        if let progress { reply.progress = try progress.checked() }
        for prediction in predictions ?? [] { try prediction.check() }
        if let result { reply.result = try result.checked() }
        return reply
    }
}

extension Progress {
    fileprivate func checked() throws -> Self {
        for (name, value) in [("epoch", epoch), ("epochs", epochs), ("step", step), ("steps", steps)] {
            try checkCount(value, "progress.\(name)")
        }
        try checkShare(accuracy, "progress.accuracy")
        try checkShare(validationAccuracy, "progress.validationAccuracy")
        var progress = self
        progress.warning = warning?.shortened
        return progress
    }
}

extension Prediction {
    fileprivate func check() throws {
        try checkCount(picture, "predictions.picture")
        if let label { try checkCount(label, "predictions.label") }
        try checkCount(classes.count, "the number of a prediction's classes", upTo: Limits.classesToName.upperBound)
        for one in classes {
            try checkCount(one.index, "predictions.classes.index")
            try checkCount(one.name.utf8.count, "the number of bytes in a class's name", upTo: Limits.classNameBytes)
            try checkShare(one.probability, "predictions.classes.probability")
        }
    }
}

extension RunResult {
    fileprivate func checked() throws -> Self {
        if let images { try checkCount(images, "result.images") }
        try checkShare(accuracy, "result.accuracy")
        var result = self
        result.measured = measured?.shortened
        result.warning = warning?.shortened
        return result
    }
}

extension MadeModel {
    /// With texts of a length that lists can hold.
    /// - Throws: `SqzError.runnerFailed` where a number can't be.
    public func checked() throws -> Self {
        for (name, value) in [("parameters", parameters), ("multiplyAdds", multiplyAdds)] {
            try checkCount(value, "model.\(name)", upTo: .max)
        }
        let (classCount, layerCount) = (Limits.describedClasses, Limits.describedLayers)
        try checkCount(classes.count, "the number of the model's classes", upTo: classCount)
        try checkCount(layers.count, "the number of the model's layers", upTo: layerCount)
        for name in classes {
            try checkCount(name.utf8.count, "the number of bytes in a class's name", upTo: Limits.classNameBytes)
        }
        for layer in layers {
            for (name, text) in [("name", layer.name), ("kind", layer.kind)] {
                try checkCount(text.utf8.count, "the number of bytes in a layer's \(name)", upTo: Limits.classNameBytes)
            }
            try checkCount(layer.output.count, "the dimensions of a layer", upTo: 8)
            for value in layer.output { try checkCount(value, "layers.output") }
            for (name, value) in [("parameters", layer.parameters), ("multiplyAdds", layer.multiplyAdds)] {
                try checkCount(value, "layers.\(name)", upTo: .max)
            }
        }
        var model = self
        model.weightsSha256 = weightsSha256.shortened
        model.architecture = architecture.shortened
        model.bypass = bypass.shortened
        model.preprocessing = preprocessing.shortened
        model.warning = warning?.shortened
        return model
    }
}

extension Imported {
    /// - Throws: `SqzError.runnerFailed` where a number can't be.
    public func checked() throws -> Self {
        for (name, value) in [("train", train), ("test", test), ("height", height), ("width", width)] {
            try checkCount(value, "imported.\(name)")
        }
        try checkCount(classes.count, "the number of the data set's classes", upTo: Limits.describedClasses)
        for name in classes {
            try checkCount(name.utf8.count, "the number of bytes in a class's name", upTo: Limits.classNameBytes)
        }
        for (name, counts) in [("trainByClass", trainByClass), ("testByClass", testByClass)] {
            guard let counts else { continue }
            guard counts.count == classes.count else {
                throw SqzError.runnerFailed(
                    reason:
                        "what it says can't be: imported.\(name) has \(counts.count) numbers, classes \(classes.count)")
            }
            for count in counts { try checkCount(count, "imported.\(name)") }
        }
        var imported = self
        imported.format = format.shortened
        return imported
    }
}

private func checkCount(_ value: Int, _ name: String, upTo largest: Int = Limits.describedCount) throws {
    guard (0...largest).contains(value) else {
        let right = largest == .max ? "0 or more" : "0 to \(largest)"
        throw SqzError.runnerFailed(
            reason: "what it says can't be: \(name.shortened) is \(value); right would be \(right)")
    }
}

private func checkShare(_ value: Double?, _ name: String) throws {
    guard let value, !(0...1).contains(value) else { return }
    throw SqzError.runnerFailed(reason: "what it says can't be: \(name) is \(value); right would be 0 to 1")
}

extension String {
    /// Of a text for people that others wrote, as much as is kept.
    public var shortened: String {
        let size = utf8.count
        guard size > Limits.toldBytes else { return self }
        // Whole scalars, as far as they go.
        var (end, bytes) = (unicodeScalars.startIndex, 0)
        while bytes + unicodeScalars[end].utf8.count <= Limits.toldBytes {
            bytes += unicodeScalars[end].utf8.count
            end = unicodeScalars.index(after: end)
        }
        return "\(self[..<end])… (\(size) bytes in all)"
    }
}
