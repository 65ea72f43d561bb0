// swift-tools-version: 6.2
import PackageDescription

// Built by run.sh, which instruments this package and the project with `-sanitize=fuzzer,address`: a fuzzer that does not see
// which way the project's code takes would only guess.

let package = Package(
    name: "fuzz",
    dependencies: [.package(name: "sqzd", path: "../..")],
    targets: [
        .target(name: "Fuzzing"),
        .executableTarget(
            name: "FuzzVarlink",
            dependencies: [
                "Fuzzing", .product(name: "Varlink", package: "sqzd"), .product(name: "SqzProtocol", package: "sqzd"),
            ]),
        .executableTarget(
            name: "FuzzSafetensors", dependencies: ["Fuzzing", .product(name: "Safetensors", package: "sqzd")]),
        .executableTarget(
            name: "FuzzDatasets", dependencies: ["Fuzzing", .product(name: "Datasets", package: "sqzd")]),
        .executableTarget(
            name: "FuzzPictures",
            dependencies: [
                "Fuzzing", .product(name: "Bitmaps", package: "sqzd"), .product(name: "Imaging", package: "sqzd"),
            ]),
        .executableTarget(
            name: "FuzzModelFiles",
            dependencies: [
                "Fuzzing", .product(name: "ModelFiles", package: "sqzd"),
                .product(name: "SqueezeNet", package: "sqzd"),
            ]),
        .executableTarget(
            name: "FuzzForeignModels",
            dependencies: [
                "Fuzzing", .product(name: "ModelFiles", package: "sqzd"),
                .product(name: "SqueezeNet", package: "sqzd"),
            ]),
        .executableTarget(
            name: "FuzzKeras",
            dependencies: [
                "Fuzzing", .product(name: "ModelFiles", package: "sqzd"),
                .product(name: "SqueezeNet", package: "sqzd"),
            ]),
        .executableTarget(
            name: "FuzzCheckpoints",
            dependencies: [
                "Fuzzing", .product(name: "ModelFiles", package: "sqzd"),
                .product(name: "SqueezeNet", package: "sqzd"),
            ]),
    ]
)
