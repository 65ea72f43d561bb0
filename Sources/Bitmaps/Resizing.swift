extension Bitmap {
    /// The picture in another size, antialiased: the bytes of Pillow's `resize`, which resizes the width first.
    public func resized(width: Int, height: Int, filter: Filter) -> Bitmap {
        resized(width: width, height: height, columns: 0..<width, rows: 0..<height, filter: filter)
    }

    /// A part of the picture as it is shown and resized; only what it needs is computed, and nothing large is turned.
    func resized(
        width: Int, height: Int, columns: Range<Int>, rows: Range<Int>, filter: Filter,
        orientation: Orientation = .upright
    ) -> Bitmap {
        let shown = shownSize(orientation)
        var across = Taps(from: shown.width, to: width, window: columns, filter: filter)
        var down = Taps(from: shown.height, to: height, window: rows, filter: filter)
        if orientation.goesLeft { across.mirror(shown.width) }
        if orientation.goesUp { down.mirror(shown.height) }
        let needed = down.sourcesOfAll
        down.move(by: -needed.lowerBound)
        // What is shown as the width is the height of what is here.
        return orientation.swapsSides
            ? resizedDown(across, columns: needed).resizedAcross(down, rows: 0..<columns.count).oriented(.transposed)
            : resizedAcross(across, rows: needed).resizedDown(down, columns: 0..<columns.count)
    }

    /// Some rows, as wide as there are taps.
    private func resizedAcross(_ taps: Taps, rows: Range<Int>) -> Bitmap {
        let pitch = 3 * taps.sources.count
        let narrow = [UInt8](unsafeUninitializedCapacity: rows.count * pitch) { target, count in
            pixels.withUnsafeBufferPointer { source in
                for row in rows {
                    taps.weigh(
                        row: source.baseAddress! + 3 * width * row,
                        target.baseAddress! + pitch * (row - rows.lowerBound))
                }
            }
            count = rows.count * pitch
        }
        return Bitmap(width: taps.sources.count, height: rows.count, pixels: narrow)
    }

    /// Some columns, as high as there are taps.
    private func resizedDown(_ taps: Taps, columns: Range<Int>) -> Bitmap {
        let pitch = 3 * columns.count
        let low = [UInt8](unsafeUninitializedCapacity: taps.sources.count * pitch) { target, count in
            pixels.withUnsafeBufferPointer { source in
                for place in taps.sources.indices {
                    taps.weigh(
                        rows: source.baseAddress! + 3 * columns.lowerBound, pitch: 3 * width, count: pitch,
                        place: place,
                        target.baseAddress! + pitch * place)
                }
            }
            count = taps.sources.count * pitch
        }
        return Bitmap(width: columns.count, height: taps.sources.count, pixels: low)
    }
}

/// Of a sum of weighted bytes.
@inline(__always)
private func rounded(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: max(0, min(255, sum >> Taps.precision)))
}

private let half: Int32 = 1 << (Taps.precision - 1)

/// Bytes of a row whose sums stay in the first cache.
private let stretchBytes = 2_048

extension Taps {
    /// One row of pixels.
    fileprivate func weigh(row: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>) {
        weights.withUnsafeBufferPointer { weights in
            var to = target
            var weight = weights.baseAddress!
            for range in sources {
                var (red, green, blue) = (half, half, half)
                var from = row + 3 * range.lowerBound
                for tap in 0..<range.count {
                    red &+= Int32(from[0]) &* weight[tap]
                    green &+= Int32(from[1]) &* weight[tap]
                    blue &+= Int32(from[2]) &* weight[tap]
                    from += 3
                }
                (to[0], to[1], to[2]) = (rounded(red), rounded(green), rounded(blue))
                to += 3
                weight += stride
            }
        }
    }

    /// One row of `count` bytes, of rows that are `pitch` bytes apart.
    fileprivate func weigh(
        rows: UnsafePointer<UInt8>, pitch: Int, count: Int, place: Int, _ target: UnsafeMutablePointer<UInt8>
    ) {
        withUnsafeTemporaryAllocation(of: Int32.self, capacity: stretchBytes) { sums in
            for start in Swift.stride(from: 0, to: count, by: stretchBytes) {
                let count = min(stretchBytes, count - start)
                for byte in 0..<count { sums[byte] = half }
                for (tap, row) in sources[place].enumerated() {
                    let weight = weights[place * stride + tap]
                    let from = rows + row * pitch + start
                    for byte in 0..<count { sums[byte] &+= Int32(from[byte]) &* weight }
                }
                for byte in 0..<count { target[start + byte] = rounded(sums[byte]) }
            }
        }
    }
}
