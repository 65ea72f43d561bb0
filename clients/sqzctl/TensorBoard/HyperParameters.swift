internal import FoundationEssentials
internal import SqzProtocol
internal import SwiftProtobuf
internal import Varlink

/// What TensorBoard's page of hyperparameters reads (its plugin hparams): with which options a run began, and how it ended. Which of
/// its scalars are a run's figures, the page finds by itself.
extension Tensorboard_Summary.Value {
    /// - Parameter time: in microseconds since 1970.
    static func start(of job: Job, at time: Int) throws -> Self {
        var start = Tensorboard_HyperParameters.Start()
        start.values = job.options.compactMapValues(Google_Protobuf_Value.init)
        for (name, value) in [("kind", job.kind), ("data set", job.dataset), ("from", job.base)] {
            if let value { start.values[name] = Google_Protobuf_Value(stringValue: value.cell) }
        }
        start.time = Double(time) / 1e6
        return try value(tag: "_hparams_/session_start_info", .start(start))
    }

    static func end(of job: Job, at time: Int) throws -> Self {
        var end = Tensorboard_HyperParameters.End()
        end.status = job.state == .succeeded ? .success : .failure
        end.time = Double(time) / 1e6
        return try value(tag: "_hparams_/session_end_info", .end(end))
    }

    private static func value(tag: String, _ what: Tensorboard_HyperParameters.OneOf_What) throws -> Self {
        var parameters = Tensorboard_HyperParameters()
        parameters.what = what
        // The same job gives the same bytes, so that a file can be gone on with.
        var encoding = BinaryEncodingOptions()
        encoding.useDeterministicOrdering = true
        var value = Self()
        value.tag = tag
        value.metadata.pluginData.pluginName = "hparams"
        value.metadata.pluginData.content = try parameters.serializedBytes(options: encoding)
        // Whoever reads it expects a tensor: one of no floats.
        value.tensor.dtype = 1
        value.tensor.tensorShape.dim = [Tensorboard_Tensor.Dimension()]
        return value
    }
}

extension Google_Protobuf_Value {
    /// nil for what is no single value.
    fileprivate init?(_ value: JSONValue) {
        switch value {
        case .integer(let number): self.init(numberValue: Double(number))
        case .number(let number): self.init(numberValue: number)
        case .bool(let flag): self.init(boolValue: flag)
        case .string(let text): self.init(stringValue: text.cell)
        default: return nil
        }
    }
}
