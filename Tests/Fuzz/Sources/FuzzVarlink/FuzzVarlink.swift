import SqzProtocol
import Varlink

/// A message from a client, as the daemon takes it: framing has cut it at its NUL. Then the same bytes as a runner's reply.
func testOneInput(_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt {
    let message = UnsafeRawBufferPointer(start: start, count: count)
    do {
        let call = try Call(parsing: message)
        try decodeParameters(of: call)
    } catch {
        // Refused, which is as good as taken.
    }
    do {
        let reply = try Reply(parsing: message)
        _ = try reply.parameters(RunnerInterface.Run.Reply.self)
    } catch {}
    return 0
}

/// What went in as JSON comes out as the same value when it is written and read again.
private func decodeParameters(of call: Call) throws {
    if let object = try? call.parameters([String: JSONValue].self) {
        let text = try JSON.encode(object)
        let again = try JSON.decode([String: JSONValue].self, from: text)
        precondition(again == object, "\(object) does not survive")
    }
    switch call.method {
    case JobsInterface.Submit.name: _ = try call.parameters(JobsInterface.Submit.Parameters.self)
    case JobsInterface.List.name: _ = try call.parameters(JobsInterface.List.Parameters.self)
    case InferenceInterface.Classify.name: _ = try call.parameters(InferenceInterface.Classify.Parameters.self)
    case DatasetsInterface.Write.name: _ = try call.parameters(DatasetsInterface.Write.Parameters.self)
    default: _ = try call.parameters(DatasetsInterface.Import.Parameters.self)
    }
}
