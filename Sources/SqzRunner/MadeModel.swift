internal import ModelFiles
internal import SqueezeNet
internal import SqzProtocol

extension MadeModel {
    /// What `sqzctl model show` tells of a model.
    init(file: String, _ model: ModelFile) {
        let network = model.network
        self.init(
            file: file, weightsSha256: model.weights.sha256, architecture: network.architecture.rawValue,
            bypass: network.bypass.rawValue, classes: model.classes, parameters: network.parameterCount,
            multiplyAdds: network.multiplyAdds, preprocessing: model.preparation,
            layers: network.layers.map { layer in
                Layer(
                    name: layer.name, kind: layer.kind.rawValue,
                    output: [layer.output.channels, layer.output.height, layer.output.width],
                    parameters: layer.parameterCount, multiplyAdds: layer.multiplyAdds)
            }, warning: model.training?.isNoBetterThanChance == true ? Chance.warning : nil)
    }
}

extension ModelFile {
    /// What a picture goes through, in a sentence.
    fileprivate var preparation: String {
        let window = "\(preprocessing.size)x\(preprocessing.size)"
        let (padding, flips) = (recipe.augmentation.padding, recipe.augmentation.flips)
        let random = "random \(window) crop\(padding > 0 ? " of the picture padded by \(padding)" : "")"
        let fit =
            switch preprocessing.fit {
            case .window: "central \(window)"
            }
        let normalization =
            switch preprocessing.normalization {
            case .perImage: "per-image standardization"
            }
        return "training: \(random)\(flips ? ", random flip" : ""); else: \(fit); \(normalization)"
    }
}
