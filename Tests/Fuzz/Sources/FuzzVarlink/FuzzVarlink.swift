import Glibc
import SqzProtocol
import Varlink

/// A stream of messages: cut at its NULs, then each message as a client's call and as a runner's reply.
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let input = Array(UnsafeBufferPointer(start: start, count: count))
    var messages: [[UInt8]] = []
    do throws(ConnectionError) {
        let file = FramedFile(input: stream(of: input), output: -1)
        while let message = try file.read() { messages.append(message) }
    } catch {
        precondition(error == .closed, "\(error)")
    }
    let expected = input.split(separator: 0, omittingEmptySubsequences: false).dropLast().map(Array.init)
    precondition(messages == expected, "\(messages.count) messages, not \(expected.count)")
    // What follows the last NUL, too: an input needs none to be looked at.
    for message in messages + [input.split(separator: 0, omittingEmptySubsequences: false).last.map(Array.init) ?? []] {
        message.withUnsafeBytes {
            takeCall($0)
            takeReply($0)
        }
    }
    return 0
}

/// A file in memory, without a name.
private let memory: CInt = {
    let path = "/dev/shm/sqzd-fuzz-\(getpid())"
    defer { unlink(path) }
    return open(path, O_RDWR | O_CREAT | O_TRUNC, 0o600)
}()

/// A descriptor from which these bytes are read.
private func stream(of bytes: [UInt8]) -> CInt {
    guard ftruncate(memory, 0) == 0, pwrite(memory, bytes, bytes.count, 0) == bytes.count,
        lseek(memory, 0, SEEK_SET) == 0
    else { fatalError("the input can't be written") }
    return memory
}

private func takeCall(_ message: UnsafeRawBufferPointer) {
    do {
        let call = try Call(parsing: message)
        // What went in as JSON comes out as the same value when it is written and read again.
        let object = try call.parameters([String: JSONValue].self)
        let again = try JSON.decode([String: JSONValue].self, from: try JSON.encode(object))
        precondition(again == object, "\(object) does not survive")
        switch call.method {
        case JobsInterface.Submit.name: _ = try call.parameters(JobsInterface.Submit.Parameters.self)
        case JobsInterface.List.name: _ = try call.parameters(JobsInterface.List.Parameters.self)
        case InferenceInterface.Classify.name: _ = try call.parameters(InferenceInterface.Classify.Parameters.self)
        case DatasetsInterface.Write.name: _ = try call.parameters(DatasetsInterface.Write.Parameters.self)
        default: _ = try call.parameters(DatasetsInterface.Import.Parameters.self)
        }
    } catch {
        // Refused, which is as good as taken.
    }
}

/// Any reply may come to any call.
private func takeReply(_ message: UnsafeRawBufferPointer) {
    func take<M: VarlinkMethod>(_ method: M.Type, _ reply: Reply) {
        do {
            let parameters = try reply.parameters(M.Reply.self)
            let again = try Reply.message(parameters, continues: reply.continues)
            precondition(again.last == 0, "\(parameters) can't be written")
        } catch let error as VarlinkError {
            // Told to people and, under its interface's name, to clients.
            _ = SqzError(error)?.description
        } catch {}
    }
    let reply: Reply
    do { reply = try Reply(parsing: message) } catch { return }
    take(RunnerInterface.Describe.self, reply)
    take(RunnerInterface.Import.self, reply)
    take(RunnerInterface.Run.self, reply)
    take(RunnerInterface.Inspect.self, reply)
    take(RunnerInterface.Classify.self, reply)
}
