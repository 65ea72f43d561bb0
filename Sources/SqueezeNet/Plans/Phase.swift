internal import CSqueezeKernels

extension Plan {
    /// What threads can share out: a step, or the part of a step that needs all of the part before.
    enum Phase {
        case stem(StemStep)
        case stemPool(StemPoolStep)
        case pool(PoolStep)
        /// The squeeze layer, and the 1×1 half of the expand layer, which needs no neighbours.
        case squeeze(FireStep)
        /// The 3×3 half of the expand layer.
        case expand(FireStep)
        case shortcut(FireStep)
        case scores(HeadStep)
    }

    /// A part of a phase: one of as many as there are threads.
    struct Share {
        var index = 0
        var count = 1

        /// This share of 0..<total, in whole units.
        func range(of total: Int, unit: Int = 1) -> Range<Int> {
            let units = (total + unit - 1) / unit
            return min(total, units * index / count * unit)..<min(total, units * (index + 1) / count * unit)
        }

        /// This share of a map's pixels, in whole register tiles of the 1×1 kernels.
        func pixels(of layer: Pointwise) -> Range<Int> { range(of: Int(layer.shape.rows), unit: 8) }
    }

    /// The phases of one picture, and their runs. Within a run a share goes on by itself, because it reads just the rows that it has
    /// written; between runs the shares wait for each other.
    func runs(shares: Int) -> (phases: [Phase], runs: [Range<Int>]) {
        let phases = stages.flatMap(\.phases)
        var runs: [Range<Int>] = []
        for (index, phase) in phases.enumerated() {
            if let run = runs.last,
                (0..<shares).allSatisfy({ phase.reads(only: phases[index - 1], .init(index: $0, count: shares)) })
            {
                runs[runs.count - 1] = run.lowerBound..<index + 1
            } else {
                runs.append(index..<index + 1)
            }
        }
        return (phases, runs)
    }
}

extension Plan.Step {
    var phases: [Plan.Phase] {
        switch self {
        case .stem(let step): [.stem(step)]
        case .stemPool(let step): [.stemPool(step)]
        case .pool(let step): [.pool(step)]
        case .fire(let step):
            if case .none = step.shortcut {
                [.squeeze(step), .expand(step)]
            } else {
                [.squeeze(step), .expand(step), .shortcut(step)]
            }
        case .head(let step): [.scores(step)]
        }
    }
}

extension Plan.Phase {
    /// The rows of a picture that a share of the first phase reads.
    func pictureRows(_ share: Plan.Share, size: Int) -> Range<Int> {
        guard case .stemPool(let step) = self else { return 0..<size }
        let pairs = step.pairs(share)
        return (0..<size).clamped(to: 4 * pairs.lowerBound - 1..<4 * pairs.upperBound + 1)
    }

    fileprivate func reads(only last: Plan.Phase, _ share: Plan.Share) -> Bool {
        guard let written = last.rowsWritten(share), let read = rowsRead(share) else { return false }
        return written == read
    }

    /// The rows of pixels that a share writes, in all channels. Nil if they are not whole rows, or not in all channels.
    private func rowsWritten(_ share: Plan.Share) -> Range<Int>? {
        switch self {
        case .stemPool(let step):
            2 * step.pairs(share).lowerBound..<min(Int(step.shape.size), 2 * step.pairs(share).upperBound)
        case .pool(let step): step.rows(share)
        case .expand(let step):
            step.ownTiles(pictures: 1, share).flatMap { Self.rows($0, width: step.tilesAcross) }
                .map { step.firstRow(ofTiles: $0.lowerBound)..<step.firstRow(ofTiles: $0.upperBound) }
        // No phase that begins with its own rows comes after these; after a shortcut there may be no memory left that no other
        // share reads.
        case .squeeze, .shortcut, .stem, .scores: nil
        }
    }

    /// The rows of pixels of the last phase's output that a share reads, if it does not read all.
    private func rowsRead(_ share: Plan.Share) -> Range<Int>? {
        switch self {
        case .pool(let step):
            step.shape.kernel == step.shape.stride
                ? 2 * step.rows(share).lowerBound..<min(Int(step.shape.in_height), 2 * step.rows(share).upperBound)
                : nil
        case .squeeze(let step), .shortcut(let step): Self.rows(step.pixels(share), width: step.width)
        case .scores(let step): Self.rows(share.pixels(of: step.classifier), width: step.width)
        case .stem, .stemPool, .expand: nil
        }
    }

    private static func rows(_ pixels: Range<Int>, width: Int) -> Range<Int>? {
        pixels.lowerBound % width == 0 && pixels.upperBound % width == 0
            ? pixels.lowerBound / width..<pixels.upperBound / width : nil
    }
}

extension Plan.StemPoolStep {
    /// A share's pairs of output rows.
    func pairs(_ share: Plan.Share) -> Range<Int> { share.range(of: Int(shape.size + 1) / 2) }
}

extension Plan.PoolStep {
    /// A share's output rows.
    func rows(_ share: Plan.Share) -> Range<Int> { share.range(of: Int(shape.out_height)) }
}

extension Plan.FireStep {
    /// Pixels in a row of its map.
    var width: Int { Int(expand3Shape.width) }

    /// Height and width of the pool's windows, 1 without a pool.
    var window: Int { pool == nil ? 1 : 2 }

    /// Where the 3×3 filters' half of the output begins.
    var expand3Offset: Int { Int(expand1.shape.out_panels) * 16 * (width / window) * (width / window) }

    /// A share's pixels: with a pool whole rows of windows.
    func pixels(_ share: Plan.Share) -> Range<Int> {
        pool == nil ? share.pixels(of: squeeze) : share.range(of: width * width, unit: 2 * width)
    }

    /// A share's Winograd tiles, if there are enough for all shares, and each need not prepare all filters.
    fileprivate func ownTiles(pictures: Int, _ share: Plan.Share) -> Range<Int>? {
        let tiles = tiles * pictures
        return tiles >= 8 * share.count && expand3Shape.plain == 0 ? share.range(of: tiles, unit: 4) : nil
    }

    /// Tiles for each share if there are enough, else filters, where each share transforms all tiles.
    func part(pictures: Int, _ share: Plan.Share) -> sqz_conv3x3_part {
        let panels = Int(expand3Shape.out_panels)
        let own = ownTiles(pictures: pictures, share)
        let ownPanels = own == nil ? share.range(of: panels) : 0..<panels
        let ownTiles = own ?? 0..<tiles * pictures
        return sqz_conv3x3_part(
            first_tile: Int32(ownTiles.lowerBound), last_tile: Int32(ownTiles.upperBound),
            first_panel: Int32(ownPanels.lowerBound), last_panel: Int32(ownPanels.upperBound))
    }

    /// The first row of outputs of a row of Winograd tiles.
    fileprivate func firstRow(ofTiles row: Int) -> Int {
        Int(sqz_tile_start(expand3Shape.height, expand3Shape.pools, Int32(row))) / window
    }

    /// Winograd tiles of one picture.
    private var tiles: Int { tilesAcross * tilesAcross }

    fileprivate var tilesAcross: Int { Int(sqz_tiles(expand3Shape.width)) }
}
