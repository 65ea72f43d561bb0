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
        // As base64; what a picture is, the runner finds out.
        let longest = (Limits.imageBytes + 2) / 3 * 4
        if let index = images.firstIndex(where: { $0.utf8.count > longest }) {
            throw SqzError.badImage(index: index, reason: "has more than \(Limits.imageBytes) bytes")
        }
        let top = parameters.top ?? Limits.classesNamed
        guard Limits.classesToName.contains(top) else {
            throw ServiceError.invalidParameter(parameter: "top")
        }
        let model = try await store.model(parameters.model ?? configuration.current.defaultModel).model
        let results = images.isEmpty ? [] : try await warm.classify(images, top: top, with: model)
        counters.classifiedImages.add(images.count, ordering: .relaxed)
        return .init(model: "\(model.name)@\(model.version)", results: results)
    }
}
