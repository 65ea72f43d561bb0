internal import JobStore
internal import SqzProtocol
internal import Synchronization
internal import Varlink

extension Handlers {
    func classify(
        _ parameters: InferenceInterface.Classify.Parameters
    ) async throws -> InferenceInterface.Classify.Reply {
        let images = parameters.images
        guard images.count <= Limits.imagesPerCall else {
            throw SqzError.tooManyImages(limit: Limits.imagesPerCall, images: images.count)
        }
        let skipsBad = parameters.skipBad ?? false
        // As base64; what a picture is, the runner finds out.
        let longest = (Limits.imageBytes + 2) / 3 * 4
        let tooLong = Set(images.indices.filter { images[$0].utf8.count > longest })
        if !skipsBad, let index = tooLong.min() { throw SqzError.badImage(index: index, reason: Self.tooLong) }
        let top = parameters.top ?? Limits.classesNamed
        guard Limits.classesToName.contains(top) else {
            throw ServiceError.invalidParameter(parameter: "top")
        }
        let model = try await store.model(parameters.model ?? configuration.current.defaultModel).model
        let taken = tooLong.isEmpty ? images : images.indices.filter { !tooLong.contains($0) }.map { images[$0] }
        var results = taken.isEmpty ? [] : try await warm.classify(taken, top: top, with: model)
        for index in tooLong.sorted() { results.insert(Classification(classes: [], problem: Self.tooLong), at: index) }
        if !skipsBad, let index = results.firstIndex(where: { $0.problem != nil }), let problem = results[index].problem
        {
            throw SqzError.badImage(index: index, reason: problem)
        }
        counters.classifiedImages.add(results.count { $0.problem == nil }, ordering: .relaxed)
        return .init(model: "\(model.name)@\(model.version)", results: results)
    }

    private static let tooLong = "has more than \(Limits.imageBytes) bytes, the most that a picture may have"
}
