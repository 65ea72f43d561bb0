internal import Bitmaps
internal import SqueezeNet

/// The Python text that makes our network of a state dict: PyTorch's files have weights alone, and the usual pools and
/// preprocessing would give other answers.
struct TorchModule {
    let network: Network
    let preprocessing: Preprocessing

    /// The beginning says whose it is: `model export --force` replaces no other module. It does not name the state dict, so that
    /// it is the same beside each of the network's.
    var text: String {
        let size = preprocessing.size
        return #"""
            """\#(network.title) for \#(network.classes) classes, exported by sqzd: logits = load("FILE.pth")(picture(Image.open("a.jpg"))[None])"""
            import json, zipfile
            import torch
            from PIL import Image, ImageOps
            from torch import nn

            class Fire(nn.Module):
                def __init__(self, inputs, squeeze, expand\#(hasBypass ? ", bypass=None" : "")):
                    super().__init__()
                    self.squeeze = nn.Conv2d(inputs, squeeze, 1)
                    self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
                    self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)
            \#(hasBypass ? "        self.bypass = bypass\n" : "")
                def forward(self, x):
                    s = self.squeeze(x).relu()
            \#(fireOutput)

            class SqueezeNet(nn.Module):
                def __init__(self):
                    super().__init__()
                    self.features = nn.Sequential(
            \#(features))
                    self.classifier = nn.Sequential(\#(classifier))

                def forward(self, pictures):  # [N, 3, \#(size), \#(size)]: bytes, red first, or floats that are normalized
                    x = pictures if pictures.is_floating_point() else normalized(pictures)
                    return self.classifier(self.features(x)).flatten(1)

            def load(file):
                model = SqueezeNet()
                model.load_state_dict(torch.load(file, weights_only=True))
                model.classes = json.loads(json.loads(zipfile.ZipFile(file).read("archive/sqzd.json"))["classes"])
                return model.eval()

            def normalized(pictures):
            \#(normalization)

            def picture(image):  # the bytes [3, \#(size), \#(size)] of one that Pillow has opened
                image = ImageOps.exif_transpose(image).convert("RGB")
            \#(squares)    return torch.frombuffer(bytearray(image.tobytes()), dtype=torch.uint8).view(\#(size), \#(size), 3).permute(2, 0, 1)

            """#
    }

    private var hasBypass: Bool { network.bypass != .none }

    private var fireOutput: String {
        let expanded = "torch.cat([self.expand1x1(s), self.expand3x3(s)], 1).relu()"
        return hasBypass
            ? "        y = \(expanded)\n        return y if self.bypass is None else y + self.bypass(x)"
            : "        return \(expanded)"
    }

    // MARK: Layers

    /// The modules, some a line, from the network's layers.
    private var features: String {
        var lines: [String] = []
        let parts = network.layers.filter { $0.name.hasPrefix("features.") }
        for layer in parts {
            switch (layer.kind, layer.name.split(separator: ".").last) {
            case (.convolution, "squeeze"): lines.append(fire(String(layer.name.dropLast(8))))
            case (.convolution, "expand1x1"), (.convolution, "expand3x3"), (.convolution, "bypass"), (.add, _): break
            case (.maxPool, _):
                let ceiling = layer.keepsLastWindow ? ", ceil_mode=True" : ""
                lines.append("nn.MaxPool2d(\(layer.kernel), \(layer.stride)\(ceiling))")
            default: lines += [convolution(layer), "nn.ReLU()"]
            }
        }
        // Those with a convolution for a bypass are long.
        let together = network.bypass == .complex ? 2 : 4
        return stride(from: 0, to: lines.count, by: together).map { start in
            "            " + lines[start..<min(start + together, lines.count)].joined(separator: ", ")
        }.joined(separator: ",\n")
    }

    private func fire(_ name: String) -> String {
        let squeeze = shape(name + ".squeeze")
        let expand = shape(name + ".expand1x1")[0]
        let isAdded = network.layers.contains { $0.name == name + ".add" }
        let bypass = network.layers.first { $0.name == name + ".bypass" }.map(convolution)
        let shortcut = isAdded ? ", \(bypass ?? "nn.Identity()")" : ""
        return "Fire(\(squeeze[1]), \(squeeze[0]), \(expand)\(shortcut))"
    }

    private var classifier: String {
        let layer = network.layers.first { $0.name == "classifier.1" }!
        return "nn.Dropout(), \(convolution(layer)), nn.ReLU(), nn.AdaptiveAvgPool2d(1)"
    }

    private func convolution(_ layer: Network.Layer) -> String {
        let shape = shape(layer.name)
        let stride = layer.stride == 1 ? "" : ", stride=\(layer.stride)"
        let padding = layer.padding == 0 ? "" : ", padding=\(layer.padding)"
        return "nn.Conv2d(\(shape[1]), \(shape[0]), \(layer.kernel)\(stride)\(padding))"
    }

    private func shape(_ layer: String) -> [Int] { network.parameters.first { $0.name == layer + ".weight" }!.shape }

    // MARK: Preprocessing

    private var normalization: String {
        let ordered = preprocessing.channels == .bgr ? "    pictures = pictures[:, [2, 1, 0]]\n" : ""
        switch preprocessing.normalization {
        case .perChannel(let mean, let scale):
            return ordered + """
                    mean, scale = torch.tensor([\(mean), \(scale)], device=pictures.device).view(2, 3, 1, 1)
                    return (pictures.float() - mean) * scale
                """
        case .perImage:
            return ordered + """
                    x = pictures.double()  # each by its own mean and deviation
                    mean = x.mean((1, 2, 3), keepdim=True)
                    deviation = (x - mean).square().mean((1, 2, 3), keepdim=True).sqrt().clamp(min=x[0].numel() ** -0.5)
                    return (pictures.float() - mean.float()) * (1 / deviation).float()
                """
        }
    }

    /// As Pillow's functions make what ours do; then what the network sees of the last square, or of the picture as it is.
    private var squares: String {
        let window = preprocessing.size
        var steps: [String] = []
        for (place, square) in preprocessing.squares.enumerated() {
            let (side, filter) = (square.side, "Image.Resampling.\(square.filter.rawValue.uppercased())")
            let isLast = place == preprocessing.squares.count - 1
            let kept = isLast ? window : side
            let margin = (side - kept) / 2
            let whole = "(\(side), \(side)), \(filter)"
            switch square.fit {
            case .stretch: steps.append("image.resize(\(whole))")
            case .pad: steps.append("ImageOps.pad(image, \(whole))")
            case .crop:
                let further = margin == 0 ? "" : margin > 0 ? " + \(margin)" : " - \(-margin)"
                steps += [
                    "image.resize([max(\(side), \(side) * side // min(image.size)) for side in image.size], \(filter))",
                    "left, top = (round((side - \(side)) / 2)\(further) for side in image.size)",
                    "image.crop((left, top, left + \(kept), top + \(kept)))",
                ]
                continue
            }
            let end = margin + kept
            if margin != 0 { steps.append("image.crop((\(margin), \(margin), \(end), \(end)))") }
        }
        if preprocessing.squares.isEmpty {
            steps = [
                "left, top = (int((side - \(window)) / 2) for side in image.size)",
                "image.crop((left, top, left + \(window), top + \(window)))",
            ]
        }
        return steps.map { "    \($0.hasPrefix("left") ? "" : "image = ")\($0)\n" }.joined()
    }
}
