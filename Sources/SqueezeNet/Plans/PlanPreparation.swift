internal import CSqueezeKernels

extension Plan {
    /// Parts of the work of `prepare`, which any thread may do in any order.
    var preparationTasks: Int { stages.reduce(0) { $0 + $1.steps.count } * Self.partsOfStep }

    private static let partsOfStep = 4

    /// The parameters that are read in their prepared form only: the weights of the 3×3 filters.
    var preparedOnly: [Range<Int>] {
        stages.flatMap(\.steps).compactMap { step in
            guard case .fire(let fire) = step, fire.expand3Shape.plain == 0 else { return nil }
            return fire.expand3.weight..<fire.expand3.bias
        }
    }

    /// Brings the weights into the forms that the kernels read. To be done for all tasks whenever the parameters changed.
    func prepare(
        task: Int, parameters: UnsafePointer<Float>, prepared: UnsafeMutablePointer<Float>,
        kernels: UnsafePointer<sqz_kernels>
    ) {
        let part = Int32(task % Self.partsOfStep)
        let transpose = { (layer: Pointwise) in
            if isTraining, part == 0 {
                kernels.pointee.pointwise_transpose(
                    layer.shape.in_panels, layer.shape.out_panels, parameters + layer.slot.weight,
                    prepared + layer.transposed)
            }
        }
        var index = task / Self.partsOfStep
        var stage = 0
        while index >= stages[stage].steps.count {
            index -= stages[stage].steps.count
            stage += 1
        }
        switch stages[stage].steps[index] {
        case .pool: break
        case .stem(let step):
            if part == 0, let offset = step.prepared {
                kernels.pointee.stem7_prepare(step.shape.out_panels, parameters + step.slot.weight, prepared + offset)
            }
        case .stemPool(let step):
            if part == 0 {
                kernels.pointee.stem_pool_prepare(
                    step.shape.out_panels, parameters + step.slot.weight, prepared + step.prepared)
            }
        case .head(let step): transpose(step.classifier)
        case .fire(let step):
            transpose(step.squeeze)
            transpose(step.expand1)
            if case .convolution(let layer) = step.shortcut { transpose(layer) }
            var shape = step.expand3Shape
            guard shape.plain == 0 else { break }
            let parts = Int32(Self.partsOfStep)
            kernels.pointee.conv3x3_prepare(
                &shape, part * shape.out_panels / parts, (part + 1) * shape.out_panels / parts,
                parameters + step.expand3.weight, prepared + step.expand3Forward,
                isTraining ? prepared + step.expand3Backward : nil)
        }
    }
}
