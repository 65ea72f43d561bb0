/// What a picture can make its decoder spend.
public enum ImagingLimits {
    /// Width × height × channels of a picture, which is the bytes that it takes decoded. It is what Pillow warns of,
    /// 89 megapixels of RGB; a header that says more is refused before anything is decoded.
    public static let values = 1 << 28
}
