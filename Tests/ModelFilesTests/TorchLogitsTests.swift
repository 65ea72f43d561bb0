import Bitmaps
import Crypto
import Foundation
import ModelFiles
import SqueezeNet
import TestSupport
import Testing
import Varlink

/// What PyTorch computes with exported files, by Fixtures/models/torch/make.py, which says how to make it anew.
@Suite struct TorchLogitsTests {
    /// Each of the ways that a module's text depends on.
    enum Case: String, CaseIterable {
        case tutorial, torchvision, caffe, padded, window, complex

        fileprivate var model: ModelFile {
            get throws {
                let (architecture, bypass, preprocessing): (Architecture, Bypass, Preprocessing) =
                    switch self {
                    case .tutorial:
                        (.squeezenetCIFAR, .none, try .init(size: 24, squares: [.init(.crop, side: 32)]))
                    case .torchvision: (.squeezenet11, .none, try UsualPreprocessing.torchvision.preprocessing)
                    case .caffe: (.squeezenet10, .simple, try UsualPreprocessing.caffe.preprocessing)
                    case .padded:
                        (
                            .squeezenetCIFAR, .simple,
                            try .init(size: 33, squares: [.init(.pad, side: 33, filter: .bicubic)], channels: .bgr)
                        )
                    case .window:
                        (
                            .squeezenetCIFAR, .none,
                            try .init(
                                size: 64, normalization: .perChannel(mean: [1, 2, 3], scale: [0.02, 0.03, 0.04]))
                        )
                    case .complex:
                        (
                            .squeezenet11, .complex,
                            try .init(
                                size: 96, squares: [.init(.stretch, side: 128), .init(.crop, side: 97)],
                                channels: .bgr, normalization: .imageNet)
                        )
                    }
                let network = try Network(architecture, bypass: bypass, classes: 5, inputSize: preprocessing.size)
                var values = Weights(glorotUniformFor: network, seed: 5).values
                for parameter in network.parameters where parameter.shape.count == 1 {
                    for index in 0..<parameter.count { values[parameter.offset + index] = Float(index % 5) / 20 - 0.05 }
                }
                return ModelFile(
                    network: network, preprocessing: preprocessing, recipe: nil, classes: ["a", "b", "ä", "d\"", "e"],
                    weights: try Weights(network, values: values))
            }
        }
    }

    private struct Found: Decodable {
        let file: String
        let module: String
        let logits: [[Float]]
    }

    private static let (width, height) = (90, 60)

    /// Red, green, blue of each pixel, by a generator that every language has: areas of 10x10, and noise.
    private static let pixels: [UInt8] = {
        var state: UInt32 = 1
        func next() -> Int {
            state = (state &* 1_103_515_245 &+ 12_345) % (1 << 31)
            return Int(state >> 16) & 255
        }
        let areas = (0..<(width / 10 * height / 10 * 3)).map { _ in next() }
        return (0..<(width * height * 3)).map { place in
            let (row, column, channel) = (place / 3 / width, place / 3 % width, place % 3)
            return UInt8((3 * areas[(row / 10 * (width / 10) + column / 10) * 3 + channel] + next()) / 4)
        }
    }()

    /// As it is, or with rows for columns.
    private static func planes(turned: Bool) -> [UInt8] {
        let count = width * height
        return (0..<(3 * count)).map { place in
            let (channel, pixel) = (place / count, place % count)
            return pixels[3 * (turned ? pixel % height * width + pixel / height : pixel) + channel]
        }
    }

    private static func sha256(_ bytes: [UInt8]) -> String { String("\(SHA256.hash(data: bytes))".suffix(64)) }

    @Test(arguments: Case.allCases) func aStateDictAndItsTextAnswerAsTheEngine(_ kind: Case) throws {
        let model = try kind.model
        let file = try ExportedFile(model, as: .pytorch)
        let module = Array(try #require(file.module).utf8)
        if let folder = ProcessInfo.processInfo.environment["SQZ_EXPORTS"] {
            let files = [("\(kind).pth", file.bytes), ("\(kind).py", module), ("picture.rgb", Self.pixels)]
            for (name, bytes) in files { try Data(bytes).write(to: URL(fileURLWithPath: "\(folder)/\(name)")) }
        }
        let json = try Data(contentsOf: URL(fileURLWithPath: Oracle.fixture("models/torch/logits.json")))
        let found = try #require(try JSON.decode([String: Found].self, from: [UInt8](json))["\(kind)"])
        #expect(Self.sha256(file.bytes) == found.file && Self.sha256(module) == found.module)
        let classifier = try Classifier(
            network: model.network, weights: model.weights, preprocessing: model.preprocessing, threads: 1)
        for (right, turned) in zip(found.logits, [false, true]) {
            let (width, height) = turned ? (Self.height, Self.width) : (Self.width, Self.height)
            let ours = Self.planes(turned: turned).withUnsafeBytes {
                classifier.classify([Picture(planes: $0, width: width, height: height)])
            }
            let largest = right.map(abs).max() ?? 0
            #expect(largest > 0.01 && ours.count == right.count)
            #expect(zip(ours, right).allSatisfy { abs($0 - $1) <= 1e-5 * largest }, "\(ours) instead of \(right)")
        }
    }

    /// The "40-line module".
    @Test func aTextIsShort() throws {
        for (kind, most) in [(Case.torchvision, 40), (.complex, 50)] {
            let text = try #require(try ExportedFile(try kind.model, as: .pytorch).module)
            let lines = text.split(separator: "\n")
            #expect(lines.count <= most, "\(kind): \(lines.count)")
            #expect(text.split(separator: "\n").first?.contains("exported by sqzd") == true)
        }
    }
}
