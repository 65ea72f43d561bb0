// swift-tools-version: 6.2
import PackageDescription

let strict: [SwiftSetting] = [
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .treatAllWarnings(as: .error),
]

/// Of tests that compute little themselves, which compile in half the time.
let unoptimized = strict + [.unsafeFlags(["-Onone"])]

/// Release binaries carry the Swift runtime, so that a machine needs only Debian's C libraries. The flag stands here, not
/// on the command line, so that tests and products come from one build.
/// The thread sanitizer does not work with it (Tests/Race/run).
let isSanitized = Context.environment["SQZ_SANITIZE"] != nil
let staticRuntime: [LinkerSetting] =
    isSanitized
    ? []
    : [
        .unsafeFlags([
            "-static-stdlib", "-lCoreFoundation", "-l_FoundationCollections", "-l_FoundationCShims",
            "-l_FoundationICU", "-lswiftSynchronization",
        ])
    ]

/// The parsers of untrusted bytes, for the package in Tests/Fuzz.
let parsers = ["Varlink", "SqzProtocol", "Safetensors", "Datasets", "ModelFiles", "SqueezeNet", "Imaging", "Bitmaps"]

/// The files of `protocol/`, which are compiled in.
let interfaces = ["Jobs", "Inference", "Models", "Datasets", "Manager", "Runner"]

let package = Package(
    name: "sqzd",
    products: [
        .executable(name: "sqzd", targets: ["sqzd"]),
        .executable(name: "sqzctl", targets: ["sqzctl"]),
        .executable(name: "sqz-runner-squeezenet", targets: ["sqz-runner-squeezenet"]),
        .executable(name: "sqz-runner-squeezenet-mpi", targets: ["sqz-runner-squeezenet-mpi"]),
        .executable(name: "sqz-slurm", targets: ["sqz-slurm"]),
    ] + parsers.map { .library(name: $0, targets: [$0]) },
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", from: "1.8.0"),
        .package(url: "https://github.com/apple/swift-configuration", from: "1.4.0", traits: ["JSON"]),
        .package(url: "https://github.com/apple/swift-crypto", from: "4.5.0"),
        .package(url: "https://github.com/apple/swift-log", from: "1.16.0"),
        .package(url: "https://github.com/apple/swift-nio", from: "2.101.0"),
        .package(url: "https://github.com/groue/GRDB.swift", from: "7.10.0"),
        .package(url: "https://github.com/swift-server/swift-service-lifecycle", from: "2.13.0"),
        .package(url: "https://github.com/apple/swift-protobuf", from: "1.39.0"),
        .package(url: "https://github.com/apple/swift-system", from: "1.8.0"),
        .package(url: "https://github.com/swiftlang/swift-subprocess", from: "1.0.2", traits: []),
    ],
    targets: [
        .systemLibrary(name: "CJansson", pkgConfig: "jansson", providers: [.apt(["libjansson-dev"])]),
        .systemLibrary(name: "CSystemd", pkgConfig: "libsystemd", providers: [.apt(["libsystemd-dev"])]),
        .systemLibrary(name: "CSeccomp", pkgConfig: "libseccomp", providers: [.apt(["libseccomp-dev"])]),
        .systemLibrary(name: "CArchive", pkgConfig: "libarchive", providers: [.apt(["libarchive-dev"])]),
        .systemLibrary(name: "CZlib", pkgConfig: "zlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CMPI", pkgConfig: "ompi-c", providers: [.apt(["libopenmpi-dev"])]),
        .systemLibrary(name: "CPNG", pkgConfig: "libpng", providers: [.apt(["libpng-dev"])]),
        .systemLibrary(name: "CJPEG", pkgConfig: "libjpeg", providers: [.apt(["libjpeg62-turbo-dev"])]),
        .systemLibrary(name: "CWebP", pkgConfig: "libwebpdemux", providers: [.apt(["libwebp-dev"])]),
        .target(
            name: "CSqueezeKernels", cSettings: [.unsafeFlags(["-O3", "-ffp-contract=fast", "-fno-math-errno"])]),
        .target(name: "Bitmaps", swiftSettings: strict),
        .target(name: "SqueezeNet", dependencies: ["Bitmaps", "CSqueezeKernels"], swiftSettings: strict),
        .target(name: "Files", swiftSettings: strict),
        .target(name: "Varlink", dependencies: ["CJansson", "Files"], swiftSettings: strict),
        .target(
            name: "SqzProtocol", dependencies: ["Varlink"],
            exclude: ["Interfaces/README.md", "Interfaces/examples"],
            resources: interfaces.map { .embedInCode("Interfaces/io.sqzd.\($0).varlink") },
            swiftSettings: strict),
        .target(name: "VarlinkCompiler", dependencies: ["Varlink"], swiftSettings: strict),
        .executableTarget(
            name: "varlink-compiler", dependencies: ["VarlinkCompiler"], swiftSettings: strict),
        .target(name: "CLandlock"),
        .target(name: "CNoLocaleData"),
        .target(name: "CProcess"),
        .target(name: "Processors", dependencies: ["CProcess", "Files"], swiftSettings: strict),
        // Linked statically: Debian's shared library brings 36 others (for network file systems), which each runner would load.
        .target(
            name: "CHDF5", dependencies: ["CZlib"],
            linkerSettings: [
                .linkedLibrary(":libhdf5_serial.a"), .linkedLibrary("sz"), .linkedLibrary("dl"), .linkedLibrary("m"),
            ]),
        .target(name: "CImaging", dependencies: ["CJPEG", "CPNG"]),
        .target(name: "Imaging", dependencies: ["Bitmaps", "CImaging", "CPNG", "CWebP"], swiftSettings: strict),
        .target(name: "Confinement", dependencies: ["CLandlock", "CSeccomp"], swiftSettings: strict),
        .target(name: "Safetensors", dependencies: ["Files", "Varlink"], swiftSettings: strict),
        .target(
            name: "Datasets",
            dependencies: [
                "Bitmaps", "CArchive", "CZlib", "Imaging", "Processors", "Safetensors", "Varlink",
            ],
            swiftSettings: strict),
        .target(
            name: "ModelFiles",
            dependencies: [
                "Bitmaps", "CArchive", "CHDF5", "CZlib", "Datasets", "Files", "SqueezeNet", "Safetensors", "Varlink",
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            exclude: ["ONNX/onnx.proto"],
            swiftSettings: strict),
        .target(
            name: "JobStore",
            dependencies: [
                "SqzProtocol", "Varlink", .product(name: "GRDB", package: "GRDB.swift"),
                .product(name: "GRDBSQLite", package: "GRDB.swift"),
            ], swiftSettings: strict),
        .target(
            name: "Systemd", dependencies: ["CSystemd", "Files", .product(name: "Logging", package: "swift-log")],
            swiftSettings: strict),
        .target(
            name: "SqzDaemon",
            dependencies: [
                "CProcess", "Files", "Processors", "SqzProtocol", "JobStore", "Systemd", "Varlink",
                .product(name: "Configuration", package: "swift-configuration"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "Logging", package: "swift-log"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "ServiceLifecycle", package: "swift-service-lifecycle"),
                .product(name: "UnixSignals", package: "swift-service-lifecycle"),
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ], swiftSettings: strict),
        .target(
            name: "SqzRunner",
            dependencies: [
                "Bitmaps", "CProcess", "Confinement", "Processors", "SqueezeNet", "Datasets", "Imaging", "ModelFiles",
                "SqzProtocol", "Varlink",
            ],
            swiftSettings: strict),
        .target(name: "OptionCompiler", dependencies: ["SqzProtocol", "VarlinkCompiler"], swiftSettings: strict),
        .executableTarget(
            name: "option-compiler", dependencies: ["OptionCompiler", "SqzRunner"], swiftSettings: strict),
        .executableTarget(
            name: "sqz-runner-squeezenet", dependencies: ["CNoLocaleData", "SqzRunner"], swiftSettings: strict,
            linkerSettings: staticRuntime),
        .executableTarget(
            name: "sqz-runner-squeezenet-mpi",
            dependencies: ["CMPI", "CNoLocaleData", "CProcess", "SqueezeNet", "SqzRunner"],
            swiftSettings: strict, linkerSettings: staticRuntime),
        .executableTarget(
            name: "sqz-slurm",
            dependencies: [
                "CNoLocaleData", "Files", "SqzProtocol", "Varlink",
                .product(name: "Subprocess", package: "swift-subprocess"),
                .product(name: "SystemPackage", package: "swift-system"),
            ], swiftSettings: strict, linkerSettings: staticRuntime),
        .executableTarget(
            name: "sqzd",
            dependencies: [
                "CNoLocaleData", "SqzDaemon", "SqzProtocol", "Systemd",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Logging", package: "swift-log"),
            ],
            swiftSettings: strict, linkerSettings: staticRuntime),
        .executableTarget(
            name: "sqzctl",
            dependencies: [
                "CNoLocaleData", "Files", "SqzProtocol", "Varlink",
                .product(name: "ArgumentParser", package: "swift-argument-parser"),
                .product(name: "Crypto", package: "swift-crypto"),
                .product(name: "SwiftProtobuf", package: "swift-protobuf"),
            ],
            path: "clients/sqzctl", exclude: ["TensorBoard/event.proto"], swiftSettings: strict,
            linkerSettings: staticRuntime),
        .executableTarget(
            name: "sqz-bench", dependencies: ["CSqueezeKernels", "SqueezeNet"], path: "Sources/SqzBench",
            swiftSettings: strict),
        .testTarget(
            name: "SqueezeNetTests", dependencies: ["Bitmaps", "SqueezeNet", "CSqueezeKernels", "TestSupport"],
            swiftSettings: strict),
        .executableTarget(
            name: "confinement-probe", dependencies: ["Confinement"], path: "Tests/ConfinementProbe",
            swiftSettings: strict),
        .testTarget(
            name: "ConfinementTests", dependencies: ["TestSupport", "confinement-probe"], swiftSettings: strict),
        .testTarget(name: "ProcessorsTests", dependencies: ["Processors", "TestSupport"], swiftSettings: strict),
        .target(
            name: "TestSupport", dependencies: ["SqzProtocol", "Varlink"], path: "Tests/TestSupport",
            swiftSettings: strict),
        .testTarget(name: "VarlinkTests", dependencies: ["Varlink"], swiftSettings: strict),
        .testTarget(
            name: "VarlinkCompilerTests", dependencies: ["VarlinkCompiler", "TestSupport", "Varlink"],
            swiftSettings: strict),
        .testTarget(
            name: "SqzProtocolTests", dependencies: ["SqzProtocol", "TestSupport", "Varlink"], swiftSettings: strict),
        .testTarget(
            name: "JobStoreTests", dependencies: ["JobStore", "SqzProtocol", "TestSupport", "Varlink"],
            swiftSettings: unoptimized),
        .testTarget(
            name: "ModelFilesTests",
            dependencies: [
                "Bitmaps", "ModelFiles", "SqueezeNet", "Safetensors", "TestSupport", "Varlink",
                .product(name: "Crypto", package: "swift-crypto"),
            ],
            swiftSettings: strict),
        .testTarget(
            name: "SqzRunnerTests",
            dependencies: [
                "Bitmaps", "Datasets", "Imaging", "ModelFiles", "SqueezeNet", "SqzProtocol", "TestSupport", "Varlink",
            ],
            swiftSettings: strict),
        .testTarget(
            name: "OptionCompilerTests", dependencies: ["OptionCompiler", "SqzProtocol", "SqzRunner"],
            swiftSettings: strict),
        .testTarget(
            name: "SqzDaemonTests", dependencies: ["SqzDaemon", "SqzProtocol", "TestSupport", "Varlink"],
            swiftSettings: unoptimized),
        .testTarget(
            name: "SqzctlTests", dependencies: ["SqzProtocol", "TestSupport", "Varlink"], swiftSettings: unoptimized),
        .testTarget(
            name: "SafetensorsTests", dependencies: ["Safetensors", "TestSupport", "Varlink"], swiftSettings: strict),
        .testTarget(
            name: "DatasetsTests",
            dependencies: ["Bitmaps", "Datasets", "Imaging", "Safetensors", "TestSupport", "Varlink"],
            swiftSettings: strict),
        .testTarget(
            name: "ImagingTests", dependencies: ["Bitmaps", "Imaging", "TestSupport", "Varlink"], swiftSettings: strict),
    ],
    cLanguageStandard: .c17
)
