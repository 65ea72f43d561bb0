import Foundation
import Synchronization
import TestSupport
import Varlink

/// Stands between a client and a daemon: writes down which methods are called, and may treat calls with `upgrade` as an older
/// daemon does, or cut what they send.
final class GoBetween: Sendable {
    enum Upgrades {
        case pass
        /// As daemons from before there were any.
        case close
        /// As one that knows them, but not this method.
        case methodNotFound
        /// Cuts each of the first two connections after so many bytes.
        case cut(after: Int)
        /// Cuts the connection after so many bytes, and nobody answers from then on.
        case vanish(after: Int)
    }

    private struct State {
        var methods: [String] = []
        var bytes = 0
        var cuts = 2
    }

    let socket: String
    private let listener: CInt
    private let daemon: TestDaemon
    private let upgrades: Upgrades
    private let state = Mutex(State())

    init(_ daemon: TestDaemon, at path: String, upgrades: Upgrades = .pass) throws {
        (self.daemon, socket, self.upgrades) = (daemon, path, upgrades)
        listener = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        guard listener >= 0, withSocketAddress(path, { bind(listener, $0, $1) }) == 0, listen(listener, 100) == 0 else {
            throw SystemError(call: "listen")
        }
        Thread.detachNewThread { [self] in
            while case let client = accept(listener, nil, nil), client >= 0 {
                Thread.detachNewThread { [self] in serve(client) }
            }
        }
    }

    /// Takes no more connections.
    func stop() { shutdown(listener, CInt(SHUT_RDWR)) }

    /// What was called since the last time this was asked for.
    func takeMethods() -> [String] {
        state.withLock { state in
            defer { state.methods = [] }
            return state.methods.map { String($0.split(separator: ".").last ?? "") }
        }
    }

    /// How many bytes were sent on upgraded connections.
    var bytes: Int { state.withLock { $0.bytes } }

    private func serve(_ client: CInt) {
        let server = Glibc.socket(AF_UNIX, CInt(SOCK_STREAM.rawValue) | CInt(SOCK_CLOEXEC.rawValue), 0)
        precondition(withSocketAddress(daemon.socket, { connect(server, $0, $1) }) == 0)
        let back = DispatchGroup()
        back.enter()
        Thread.detachNewThread {
            while let bytes = Self.read(server), Self.write(bytes, to: client) {}
            shutdown(client, CInt(SHUT_WR))
            back.leave()
        }
        pass(from: client, to: server)
        shutdown(server, CInt(SHUT_WR))
        back.wait()
        close(client)
        close(server)
    }

    private func pass(from client: CInt, to server: CInt) {
        var pending: [UInt8] = []
        while let bytes = Self.read(client) {
            pending += bytes
            while let end = pending.firstIndex(of: 0) {
                let message = Array(pending[...end])
                pending.removeSubrange(...end)
                guard let call = try? message.dropLast().withUnsafeBytes({ try Call(parsing: $0) }) else { return }
                state.withLock { $0.methods.append(call.method) }
                guard call.mode == .upgrade else {
                    guard Self.write(message, to: server) else { return }
                    continue
                }
                switch upgrades {
                case .close:
                    shutdown(client, CInt(SHUT_RDWR))
                case .methodNotFound:
                    let name = "org.varlink.service.MethodNotFound"
                    let reply = #"{"error": "\#(name)", "parameters": {"method": "\#(call.method)"}}"#
                    _ = Self.write(Array(reply.utf8) + [0], to: client)
                case .pass, .cut, .vanish:
                    guard Self.write(message, to: server) else { return }
                    passBytes(from: client, to: server)
                }
                return
            }
        }
    }

    private func passBytes(from client: CInt, to server: CInt) {
        var count = 0
        while let bytes = Self.read(client), Self.write(bytes, to: server) {
            count += bytes.count
            let cut = state.withLock { state in
                state.bytes += bytes.count
                switch upgrades {
                case .cut(let limit) where count >= limit && state.cuts > 0:
                    state.cuts -= 1
                    return true
                case .vanish(let limit): return count >= limit
                default: return false
                }
            }
            if cut {
                if case .vanish = upgrades {
                    stop()
                    unlink(socket)
                }
                shutdown(client, CInt(SHUT_RDWR))
                return
            }
        }
    }

    private static func read(_ descriptor: CInt) -> [UInt8]? {
        var bytes = [UInt8](repeating: 0, count: 1 << 16)
        let count = Glibc.read(descriptor, &bytes, bytes.count)
        return count > 0 ? Array(bytes.prefix(count)) : nil
    }

    private static func write(_ bytes: [UInt8], to descriptor: CInt) -> Bool {
        var rest = bytes[...]
        while !rest.isEmpty {
            let count = rest.withUnsafeBytes { send(descriptor, $0.baseAddress, $0.count, CInt(MSG_NOSIGNAL)) }
            guard count > 0 else { return false }
            rest = rest.dropFirst(count)
        }
        return true
    }
}
