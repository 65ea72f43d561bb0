extension Bitmap {
    /// The picture in another size, antialiased: the bytes of Pillow's `resize`.
    public func resized(width: Int, height: Int, filter: Filter) -> Bitmap {
        resized(width: width, height: height, columns: 0..<width, rows: 0..<height, filter: filter)
    }

    /// A part of the resized picture; only what it needs is computed.
    func resized(width: Int, height: Int, columns: Range<Int>, rows: Range<Int>, filter: Filter) -> Bitmap {
        let across = Taps(from: self.width, to: width, window: columns, filter: filter)
        let down = Taps(from: self.height, to: height, window: rows, filter: filter)
        // Both bounds grow with the place.
        let needed = down.sources.first!.lowerBound..<down.sources.last!.upperBound
        let pitch = 3 * columns.count
        let narrow = [UInt8](unsafeUninitializedCapacity: needed.count * pitch) { target, count in
            pixels.withUnsafeBufferPointer { source in
                for row in needed {
                    across.apply(
                        to: source.baseAddress! + 3 * self.width * row,
                        target.baseAddress! + pitch * (row - needed.lowerBound))
                }
            }
            count = needed.count * pitch
        }
        let small = [UInt8](unsafeUninitializedCapacity: rows.count * pitch) { target, count in
            var sums = [Int32](repeating: 0, count: pitch)
            narrow.withUnsafeBufferPointer { source in
                sums.withUnsafeMutableBufferPointer { sums in
                    for row in 0..<rows.count {
                        down.apply(
                            place: row, to: source.baseAddress!, firstRow: needed.lowerBound, sums: sums,
                            target.baseAddress! + pitch * row)
                    }
                }
            }
            count = rows.count * pitch
        }
        return Bitmap(width: columns.count, height: rows.count, pixels: small)
    }
}

/// Of a sum of weighted bytes.
@inline(__always)
private func rounded(_ sum: Int32) -> UInt8 {
    UInt8(truncatingIfNeeded: max(0, min(255, sum >> Taps.precision)))
}

private let half: Int32 = 1 << (Taps.precision - 1)

extension Taps {
    /// One row of pixels.
    fileprivate func apply(to row: UnsafePointer<UInt8>, _ target: UnsafeMutablePointer<UInt8>) {
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

    /// One row of what becomes of rows, which have as many bytes as there are `sums` and begin with `firstRow`.
    fileprivate func apply(
        place: Int, to rows: UnsafePointer<UInt8>, firstRow: Int, sums: UnsafeMutableBufferPointer<Int32>,
        _ target: UnsafeMutablePointer<UInt8>
    ) {
        sums.update(repeating: half)
        let range = sources[place]
        for (tap, row) in range.enumerated() {
            let weight = weights[place * stride + tap]
            let from = rows + (row - firstRow) * sums.count
            for byte in 0..<sums.count { sums[byte] &+= Int32(from[byte]) &* weight }
        }
        for byte in 0..<sums.count { target[byte] = rounded(sums[byte]) }
    }
}
