/// The version of everything in this package.
public enum Version {
    public static let current = "0.1.0"
}
