internal import SqzProtocol

extension ImportSummary {
    /// What a user should know of an import of pictures, a sentence each.
    var remarks: [String] {
        var remarks = ["pictures became squares of \(size)x\(size) by \(fit.rawValue); --size and --fit choose others"]
        if !passedOver.isEmpty {
            let parts = passedOver.map { "\(Format.number($0.files)) \($0.reason) (\($0.example))" }
            remarks.append("passed over: \(parts.joined(separator: ", "))")
        }
        if unreadable > 0 {
            remarks.append(
                "\(Format.count(unreadable, "picture")) that can't be read \(unreadable == 1 ? "was" : "were") left out"
            )
        }
        if duplicates > 0 {
            let are = duplicates == 1 ? "test picture is a training picture" : "test pictures are training pictures"
            remarks.append(
                "\(Format.number(duplicates)) \(are) too, byte for byte: figures of the test will be too good")
        }
        return remarks
    }
}

extension ModelsInterface.Import.Reply {
    /// What a user should know of an imported model, a sentence each.
    var sentences: [String] { (remarks ?? []) + (model.warning.map { [$0] } ?? []) }
}
