internal import CSqueezeKernels

/// Lays a `NormalizedPlan` out behind the memory of the plan whose steps it takes.
struct NormalizedPlanBuilder {
    private let plan: Plan
    private let group: Int
    private(set) var steps: [NormalizedPlan.Step] = []
    private(set) var layers: [NormalizedPlan.Layer] = []
    private(set) var input = Plan.Tensor(offset: 0, picture: 0, pictures: 1, isRectified: false)
    private(set) var scratch = (0, 0, 0)
    private(set) var noBias = 0
    private(set) var noGradient = 0
    private var layout = ArenaLayout()
    private var current: NormalizedPlan.Activation?
    /// Gradients go from one of these to the other on their way down.
    private var gradients = (0, 0)
    private var usesFirst = true

    init(_ plan: Plan, group: Int) {
        self.plan = plan
        self.group = group
    }

    var arenaCount: Int { plan.arenaCount + layout.count }

    mutating func build() {
        let tensors = plan.stages.flatMap(\.steps).flatMap(\.maps)
        let largest = tensors.map(\.picture).max() ?? 0
        let together = plan.stages.map(\.group).max() ?? 1
        input = tensor(plan.input.picture)
        gradients = (reserve(largest * group), reserve(largest * group))
        scratch = (reserve(largest * together), reserve(largest * together), reserve(largest * together))
        let channels = plan.packed.slots.map { $0.panels * 16 }.max() ?? 0
        noBias = reserve(channels)
        noGradient = reserve(channels)
        for stage in plan.stages {
            for step in stage.steps { add(step, together: stage.group) }
        }
    }

    private mutating func reserve(_ floats: Int) -> Int { plan.arenaCount + layout.reserve(floats) }

    private mutating func tensor(_ picture: Int) -> Plan.Tensor {
        Plan.Tensor(offset: reserve(picture * group), picture: picture, pictures: group, isRectified: false)
    }

    private mutating func activation(
        _ picture: Int, pixels: Int, of slot: PackedParameters.Slot? = nil, and second: PackedParameters.Slot? = nil,
        gradient: Int? = nil, least: Float = 0
    ) -> NormalizedPlan.Activation {
        let map = tensor(picture)
        var layer: NormalizedPlan.Layer?
        if let slot {
            let channels = picture / pixels
            let own = NormalizedPlan.Layer(
                map: map, pixels: pixels, least: least, slot: slot, second: second, scale: reserve(channels),
                shift: reserve(channels), mean: reserve(channels), backward: reserve(3 * channels),
                sums: reserve(4 * channels), gradientSums: reserve(4 * channels))
            layers.append(own)
            layer = own
        }
        return .init(map: map, pixels: pixels, layer: layer, gradient: gradient ?? otherGradient())
    }

    private mutating func otherGradient() -> Int {
        usesFirst.toggle()
        return usesFirst ? gradients.0 : gradients.1
    }

    private mutating func add(_ step: Plan.Step, together: Int) {
        switch step {
        case .stemPool(let step):
            var shape = step.shape
            shape.least = -.infinity
            let places = tensor(step.places.picture)
            let output = activation(step.output.picture, pixels: Int(shape.size * shape.size), of: step.slot)
            steps.append(.stemPool(.init(step: step, shape: shape, places: places, output: output)))
            current = output
        case .stem(let step):
            var shape = step.shape
            shape.least = -.infinity
            let output = activation(step.output.picture, pixels: Int(shape.height * shape.width), of: step.slot)
            steps.append(.stem(.init(step: step, shape: shape, output: output)))
            current = output
        case .pool(let step):
            let pixels = Int(step.shape.out_height * step.shape.out_width)
            let map = tensor(step.output.picture)
            let output = NormalizedPlan.Activation(
                map: map, pixels: pixels, layer: current!.layer, gradient: otherGradient())
            steps.append(.pool(.init(shape: step.shape, input: current!, output: output)))
            current = output
        case .fire(let step): add(step, together: together)
        case .head(let step):
            let scores = tensor(step.scores.picture)
            let logits = Plan.Tensor(
                offset: reserve(2 * step.logits.picture * group), picture: step.logits.picture, pictures: 2 * group,
                isRectified: step.logits.isRectified)
            steps.append(
                .head(
                    .init(
                        step: .init(
                            classifier: step.classifier, width: step.width, input: step.input,
                            scores: Plan.Tensor(
                                offset: scores.offset, picture: scores.picture, pictures: group,
                                isRectified: step.scores.isRectified), logits: logits, inside: step.inside,
                            border: step.border), input: current!)))
        }
    }

    private mutating func add(_ step: Plan.FireStep, together: Int) {
        let pixels = Int(step.squeeze.shape.rows)
        var (squeeze, expand1, expand3) = (step.squeeze.shape, step.expand1.shape, step.expand3Shape)
        (squeeze.relu, expand1.relu, expand3.least) = (0, 0, -.infinity)
        let input = current!
        let squeezed = activation(
            step.squeezed.picture, pixels: pixels, of: step.squeeze.slot,
            gradient: reserve(step.squeezed.picture * group))
        let expanded: NormalizedPlan.Activation
        let output: NormalizedPlan.Activation
        var bypassed: NormalizedPlan.Activation?
        if case .none = step.shortcut {
            expanded = activation(step.expanded.picture, pixels: pixels, of: step.expand1.slot, and: step.expand3)
            output = expanded
        } else {
            expanded = activation(
                step.expanded.picture, pixels: pixels, of: step.expand1.slot, and: step.expand3,
                gradient: reserve(step.expanded.picture * group))
            output = activation(step.output.picture, pixels: pixels)
            if case .convolution(let bypass) = step.shortcut {
                bypassed = activation(
                    step.output.picture, pixels: pixels, of: bypass.slot, gradient: output.gradient, least: -.infinity)
            }
        }
        steps.append(
            .fire(
                .init(
                    step: step, squeeze: squeeze, expand1: expand1, expand3: expand3, together: together, input: input,
                    squeezed: squeezed, expanded: expanded, bypassed: bypassed, output: output)))
        current = output
    }
}

extension Plan.Step {
    /// What it writes that may be normalized, or pooled.
    fileprivate var maps: [Plan.Tensor] {
        switch self {
        case .stem(let step): [step.output]
        case .stemPool(let step): [step.output]
        case .pool(let step): [step.output]
        case .fire(let step): [step.squeezed, step.expanded, step.output]
        case .head(let step): [step.scores]
        }
    }
}
