internal import CSqueezeKernels

extension Plan {
    /// Parts of the work of `prepare`, which any thread may do in any order.
    var preparationTasks: Int { steps.count * Self.partsOfStep }

    private static let partsOfStep = 4

    /// Brings the weights into the forms that the kernels read. To be done for all tasks whenever the parameters changed.
    func prepare(
        task: Int, parameters: UnsafePointer<Float>, prepared: UnsafeMutablePointer<Float>,
        kernels: UnsafePointer<sqz_kernels>
    ) {
        let part = Int32(task % Self.partsOfStep)
        let transpose = { (shape: sqz_pointwise, slot: PackedParameters.Slot, offset: Int) in
            if isTraining, part == 0 {
                kernels.pointee.pointwise_transpose(
                    shape.in_panels, shape.out_panels, parameters + slot.weight, prepared + offset)
            }
        }
        switch steps[task / Self.partsOfStep] {
        case .stem, .pool: break
        case .head(let step): transpose(step.shape, step.slot, step.transposed)
        case .fire(let step):
            transpose(step.squeezeShape, step.squeeze, step.squeezeTransposed)
            transpose(step.expandShape, step.expand1, step.expand1Transposed)
            if case .convolution(let shape, let slot, let offset) = step.shortcut {
                transpose(shape, slot, offset)
            }
            var shape = step.conv3x3Shape
            let parts = Int32(Self.partsOfStep)
            kernels.pointee.conv3x3_prepare(
                &shape, part * shape.out_panels / parts, (part + 1) * shape.out_panels / parts,
                parameters + step.expand3.weight, prepared + step.expand3Forward,
                isTraining ? prepared + step.expand3Backward : nil)
        }
    }
}
