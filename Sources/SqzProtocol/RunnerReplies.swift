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
    func check() throws {
        try checkCount(picture, "predictions.picture")
        if let label { try checkCount(label, "predictions.label") }
        try checkPath(file)
        try checkCount(classes.count, "the number of a prediction's classes", upTo: Limits.classesToName.upperBound)
        for one in classes {
            try checkCount(one.index, "predictions.classes.index")
            try checkCount(one.name.utf8.count, "the number of bytes in a class's name", upTo: Limits.classNameBytes)
            try checkShare(one.probability, "predictions.classes.probability")
        }
    }
}

extension RunnerInterface.Picture.Reply {
    /// - Throws: `SqzError.runnerFailed` where a number can't be.
    public func checked() throws -> Self {
        try checkCount(picture, "picture")
        try checkCount(label, "label")
        try checkCount(className.utf8.count, "the number of bytes in a class's name", upTo: Limits.classNameBytes)
        try checkPath(file)
        return self
    }
}

extension RunnerInterface.Export.Reply {
    /// How many bytes its piece has.
    /// - Throws: `SqzError.runnerFailed` where there is more than is passed on.
    public func checkedCount() throws -> Int {
        try checkCount(size, "size", upTo: Limits.exportBytes)
        try checkCount(module?.utf8.count ?? 0, "the number of bytes in module", upTo: Limits.exportModuleBytes)
        let count = data.utf8.count / 4 * 3 - data.utf8.suffix(2).count { $0 == UInt8(ascii: "=") }
        guard data.utf8.count.isMultiple(of: 4), (1...Limits.chunkBytes).contains(count) else {
            throw SqzError.runnerFailed(
                reason:
                    "what it says can't be: data is base64 of \(count) bytes; right would be 1 to \(Limits.chunkBytes)")
        }
        return count
    }
}

extension RunResult {
    fileprivate func checked() throws -> Self {
        if let images { try checkCount(images, "result.images") }
        try checkShare(accuracy, "result.accuracy")
        for (name, value) in [("epoch", epoch), ("lastEpoch", lastEpoch), ("epochs", epochs)] {
            if let value { try checkCount(value, "result.\(name)") }
        }
        try checkCount(byClass?.count ?? 0, "the number of result.byClass", upTo: Limits.describedClasses)
        for one in byClass ?? [] {
            try checkCount(one.name.utf8.count, "the number of bytes in a class's name", upTo: Limits.classNameBytes)
            try checkCount(one.pictures, "result.byClass.pictures")
            try checkCount(one.correct, "result.byClass.correct", upTo: one.pictures)
            if let predicted = one.predicted { try checkCount(predicted, "result.byClass.predicted") }
        }
        try measurement?.check(classes: byClass?.count ?? Limits.describedClasses)
        try checkShare(flipped?.accuracy, "result.flipped.accuracy")
        try checkShare(before?.accuracy, "result.before.accuracy")
        try checkShare(before?.calibrationError, "result.before.calibrationError")
        try checkPositive(temperature, "result.temperature")
        var result = self
        result.measured = measured?.shortened
        result.warning = warning?.shortened
        return result
    }
}

extension Measurement {
    /// - Parameter classes: how many there are.
    fileprivate func check(classes: Int) throws {
        func checkClass(_ value: Int, _ name: String) throws { try checkCount(value, name, upTo: max(classes - 1, 0)) }
        try checkShare(topFive, "measurement.topFive")
        try checkShare(calibrationError, "measurement.calibrationError")
        try checkCount(calibration.count, "the number of measurement.calibration", upTo: Limits.calibrationBins)
        for bin in calibration {
            try checkCount(bin.pictures, "measurement.calibration.pictures")
            try checkCount(bin.correct, "measurement.calibration.correct", upTo: bin.pictures)
            try checkShare(bin.probability, "measurement.calibration.probability")
        }
        try checkCount(confusion.count, "the number of measurement.confusion", upTo: Limits.confusionCells)
        for cell in confusion {
            try checkClass(cell.label, "measurement.confusion.label")
            try checkClass(cell.predicted, "measurement.confusion.predicted")
            try checkCount(cell.pictures, "measurement.confusion.pictures")
        }
        if let confusionRest { try checkCount(confusionRest, "measurement.confusionRest") }
        for (name, pictures) in [("mistakes", mistakes), ("examples", examples)] {
            try checkCount(pictures.count, "the number of measurement.\(name)", upTo: Limits.mistakes.upperBound)
            for one in pictures {
                try checkCount(one.picture, "measurement.\(name).picture")
                try checkClass(one.label, "measurement.\(name).label")
                try checkClass(one.predicted, "measurement.\(name).predicted")
                try checkShare(one.probability, "measurement.\(name).probability")
                try checkShare(one.labelProbability, "measurement.\(name).labelProbability")
                try checkPath(one.file)
            }
        }
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
            for (name, value) in [("kernel", layer.kernel), ("stride", layer.stride), ("padding", layer.padding)] {
                if let value { try checkCount(value, "layers.\(name)") }
            }
            for (name, value) in [("parameters", layer.parameters), ("multiplyAdds", layer.multiplyAdds)] {
                try checkCount(value, "layers.\(name)", upTo: .max)
            }
        }
        if let bits { try checkCount(bits, "model.bits", upTo: 64) }
        var model = self
        model.weightsSha256 = weightsSha256.shortened
        model.architecture = architecture.shortened
        model.bypass = bypass.shortened
        model.preprocessing = preprocessing.shortened
        model.warning = warning?.shortened
        try checkCount(history?.count ?? 0, "the number of the history's generations", upTo: Limits.generations)
        model.history = try history?.map { try $0.checked() }
        return model
    }
}

extension Generation {
    fileprivate func checked() throws -> Self {
        let most = Limits.generationTexts
        try checkCount(options?.count ?? 0, "the number of history.options", upTo: most)
        try checkCount(remarks?.count ?? 0, "the number of history.remarks", upTo: most)
        for (name, value) in [
            ("pictures", pictures), ("validated", validated), ("epochs", epochs), ("epoch", epoch),
            ("lastEpoch", lastEpoch),
        ] {
            if let value { try checkCount(value, "history.\(name)") }
        }
        if let bits { try checkCount(bits, "history.bits", upTo: 64) }
        if let seed { try checkCount(seed, "history.seed", upTo: .max) }
        try checkPositive(temperature, "history.temperature")
        try checkShare(accuracy, "history.accuracy")
        try checkShare(validationAccuracy, "history.validationAccuracy")
        var generation = self
        generation.version = version?.shortened
        generation.dataset = dataset?.shortened
        generation.datasetSha256 = datasetSha256?.shortened
        generation.options = options.map { options in
            Dictionary(options.map { ($0.shortened, $1.shortened) }) { first, _ in first }
        }
        generation.base = base?.shortened
        generation.baseWeightsSha256 = baseWeightsSha256?.shortened
        generation.format = format?.shortened
        generation.origin = origin?.shortened
        generation.remarks = remarks?.map(\.shortened)
        return generation
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

func checkCount(_ value: Int, _ name: String, upTo largest: Int = Limits.describedCount) throws {
    guard (0...largest).contains(value) else {
        let right = largest == .max ? "0 or more" : "0 to \(largest)"
        throw SqzError.runnerFailed(
            reason: "what it says can't be: \(name.shortened) is \(value); right would be \(right)")
    }
}

func checkPath(_ file: String?) throws {
    guard let file else { return }
    try checkCount(file.utf8.count, "the number of bytes in a picture's path", upTo: Limits.picturePathBytes)
}

func checkShare(_ value: Double?, _ name: String) throws {
    guard let value, !(0...1).contains(value) else { return }
    throw SqzError.runnerFailed(reason: "what it says can't be: \(name) is \(value); right would be 0 to 1")
}

func checkPositive(_ value: Double?, _ name: String) throws {
    guard let value, !(value > 0) else { return }
    throw SqzError.runnerFailed(reason: "what it says can't be: \(name) is \(value); right would be above 0")
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
