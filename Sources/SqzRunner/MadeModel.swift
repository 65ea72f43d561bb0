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
            multiplyAdds: network.multiplyAdds, preprocessing: model.preprocessing.sentence,
            layers: network.layers.map { layer in
                Layer(
                    name: layer.name, kind: layer.kind.rawValue,
                    output: [layer.output.channels, layer.output.height, layer.output.width],
                    parameters: layer.parameterCount, multiplyAdds: layer.multiplyAdds)
            })
    }
}

extension Preprocessing {
    fileprivate var sentence: String {
        let window = "\(size)x\(size)"
        let random = padding > 0 ? "random \(window) crop of the picture padded by \(padding)" : "random \(window) crop"
        return "training: \(random)\(flips ? ", random flip" : ""); else: central \(window); per-image standardization"
    }
}
