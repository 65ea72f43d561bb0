import Bitmaps
import Datasets
import SqzProtocol
import Testing

/// What clients and the daemon know of pictures that are imported, and what the runner does.
struct PictureLimitTests {
    @Test func bothSidesMeanTheSame() {
        let limits = DatasetLimits.standard
        #expect(Limits.pictureSides == limits.sides && Limits.pictureFileBytes == limits.pictureFileBytes)
        #expect(PictureFit.allCases.map(\.rawValue) == Fit.allCases.map(\.rawValue))
    }
}
