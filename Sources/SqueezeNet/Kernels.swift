package import CSqueezeKernels

#if canImport(Glibc)
internal import Glibc
#elseif canImport(Musl)
internal import Musl
#endif

/// The kernels of one instruction set.
public struct Kernels: Sendable, CustomStringConvertible {
    /// `scalar`, `baseline`, `avx2`, `avxvnni`, `avx512`, `avx512vnni`, `amx` (on arm64 `scalar`, `neon`, `dotprod`, `i8mm`). In single
    /// precision `avxvnni` computes as `avx2`, `avx512vnni` and `amx` as `avx512`, `dotprod` and `i8mm` as `neon`: by the same functions.
    public let name: String

    // A table is constant data of the C library: never written, never freed.
    nonisolated(unsafe) package let table: UnsafePointer<sqz_kernels>

    public var description: String { name }

    /// All that this processor can run, slowest first. `scalar` is the plain reference. Before a process is confined, this is to be asked
    /// for once, since Linux wants to be asked for AMX.
    public static let available: [Kernels] = (0..<sqz_kernels_count()).map { index in
        let table = sqz_kernels_at(index)
        return Kernels(name: String(cString: table.pointee.name), table: table)
    }

    /// What the engine computes with: the fastest available, or the one that the environment variable `SQZ_KERNELS` names.
    /// Where that names none that this machine has, this is the fastest, and `requireSelected()` throws.
    public static let selected: Kernels = named(environment) ?? available[available.count - 1]

    /// - Throws: `EngineError.kernels` if `SQZ_KERNELS` is set to something that this processor cannot run.
    public static func requireSelected() throws(EngineError) -> Kernels {
        if let environment, named(environment) == nil {
            throw .kernels(requested: environment, available: available.map(\.name))
        }
        return selected
    }

    private static let environment: String? = getenv("SQZ_KERNELS").map { String(cString: $0) }

    private static func named(_ name: String?) -> Kernels? {
        available.first { $0.name == name }
    }
}
