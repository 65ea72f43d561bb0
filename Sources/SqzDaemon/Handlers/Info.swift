internal import Glibc
internal import JobStore
internal import SqzProtocol

extension Handlers {
    func info() async throws -> ManagerInterface.Info.Reply {
        .init(
            version: Version.current, pid: Int(getpid()), uid: Int(geteuid()), startedAt: startedAt,
            stateDirectory: state.path, dataDirectories: configuration.current.dataDirectories,
            processors: sysconf(CInt(_SC_NPROCESSORS_ONLN)), kernels: registry.kernels,
            jobs: try await store.counts())
    }

    func runners() async throws -> ManagerInterface.Runners.Reply {
        .init(runners: try await registry.entries.map(\.info))
    }
}
