internal import Bitmaps
internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol

extension MadeModel {
    /// What `sqzctl model show` tells of a model.
    init(file: String, _ model: ModelFile) {
        let network = model.network
        self.init(
            file: file, weightsSha256: model.weightsSha256, architecture: network.name,
            bypass: network.bypass.rawValue, classes: model.classes, parameters: network.parameterCount,
            multiplyAdds: network.multiplyAdds, preprocessing: model.preparation,
            layers: network.layers.map { layer in
                Layer(
                    name: layer.name, kind: layer.kind.rawValue,
                    output: [layer.output.channels, layer.output.height, layer.output.width],
                    parameters: layer.parameterCount, multiplyAdds: layer.multiplyAdds,
                    kernel: layer.hasWindow ? layer.kernel : nil, stride: layer.hasWindow ? layer.stride : nil,
                    padding: layer.hasWindow ? layer.padding : nil)
            }, warning: model.training?.isNoBetterThanChance == true ? Chance.warning : nil,
            history: model.history?.generations.map(Generation.init), bits: model.bits == 32 ? nil : model.bits)
    }
}

extension Network.Layer {
    /// Others see all of their input, or a value at a time.
    fileprivate var hasWindow: Bool { kind == .convolution || kind == .maxPool }
}

extension Generation {
    fileprivate init(_ made: History.Generation) {
        let options = made.options?.map { ($0.name, $0.value) }
        self.init(
            version: made.version, dataset: made.dataset, datasetSha256: made.datasetSha256, pictures: made.pictures,
            validated: made.validated, options: options.map { Dictionary($0) { $1 } }, epochs: made.epochs,
            seed: made.seed, loss: made.loss, accuracy: made.accuracy, validationLoss: made.validationLoss,
            validationAccuracy: made.validationAccuracy, base: made.base, baseWeightsSha256: made.baseWeightsSha256,
            format: made.format, origin: made.origin, remarks: made.remarks, epoch: made.epoch,
            lastEpoch: made.lastEpoch, bits: made.bits, temperature: made.temperature)
    }
}

extension ModelFile {
    /// What a picture goes through, in a sentence.
    fileprivate var preparation: String {
        let window = "\(preprocessing.size)x\(preprocessing.size)"
        // Of another program's training nothing is known.
        let training =
            recipe.map { recipe in
                let augmentation = recipe.augmentation
                let padded = augmentation.padding > 0 ? " of the picture padded by \(augmentation.padding)" : ""
                let random =
                    augmentation.part == nil ? "random \(window) crop\(padded)" : "random part resized to \(window)"
                let flip = augmentation.flips ? ", \(augmentation.alternates ? "alternating" : "random") flip" : ""
                let hole = augmentation.cutout > 0 ? ", cutout of \(augmentation.cutout)" : ""
                return "training: \(random)\(flip)\(hole); else: "
            } ?? ""
        let squares = preprocessing.squares.map { square in
            let side = "\(square.side)x\(square.side)"
            let filter = square.filter == .bilinear ? "" : " \(square.filter.rawValue)"
            return switch square.fit {
            case .crop: "shorter side to \(square.side)\(filter), "
            case .pad: "padded to \(side)\(filter), "
            case .stretch: "stretched to \(side)\(filter), "
            }
        }.joined()
        let channels = preprocessing.channels == .rgb ? "" : "; \(preprocessing.channels.rawValue)"
        let normalization =
            switch preprocessing.normalization {
            case .perImage: "per-image standardization"
            case .perChannel(let mean, let scale): "minus \(mean), times \(scale)"
            }
        let lift = self.training?.lift.map { "; logits lifted by \($0)" } ?? ""
        let assumed =
            history?.assumesPreprocessing == true ? "; taken for granted, as the imported file did not say" : ""
        return "\(training)\(squares)central \(window)\(channels); \(normalization)\(lift)\(assumed)"
    }
}
