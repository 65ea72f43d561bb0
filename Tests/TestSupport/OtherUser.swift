import Foundation
import Testing
public import Varlink

/// A user who is neither root nor the one that runs the tests.
public enum OtherUser {
    /// nobody, on Debian.
    public static let uid = 65_534

    /// Words before the command line of what is to run as this user.
    public static let launcher = ["setpriv", "--reuid=\(uid)", "--regid=\(uid)", "--clear-groups"]

    /// Whether this process may become that user, and that user may run what was built.
    public static let isAvailable: Bool = {
        guard geteuid() == 0 else { return false }
        do {
            return try Transcript.run(launcher + ["\(TestDaemon.programs)/sqzctl", "--version"]).ending == .exited(0)
        } catch {
            return false
        }
    }()

    /// How the system calls this user.
    public static let name = "nobody"

    /// The reply to this user's call, as it came.
    public static func call(_ daemon: TestDaemon, _ method: String, _ parameters: JSONValue) throws -> String {
        let script = """
            import json, socket, sys
            connection = socket.socket(socket.AF_UNIX)
            connection.connect(sys.argv[1])
            call = {"method": sys.argv[2], "parameters": json.loads(sys.argv[3])}
            connection.sendall(json.dumps(call).encode() + bytes(1))
            reply = bytearray()
            while not reply.endswith(bytes(1)):
                part = connection.recv(65536)
                assert part, "no reply"
                reply += part
            print(reply[:-1].decode())
            """
        let transcript = try Transcript.run(
            launcher + [
                "env", "PATH=/usr/bin:/bin", "python3", "-c", script, daemon.socket, method,
                String(decoding: try JSON.encode(parameters), as: UTF8.self),
            ])
        #expect(transcript.ending == .exited(0), "\(transcript.errors)")
        return transcript.output
    }
}
