import Glibc

/// What libFuzzer calls with each input; 0 says that the input may go into the corpus.
public typealias TestOneInput = @convention(c) (_ start: UnsafePointer<UInt8>?, _ count: Int) -> CInt

// compiler-rt, FuzzerInterface: libFuzzer as a library, for programs that have a `main`, as SwiftPM's always have.
@_silgen_name("LLVMFuzzerRunDriver")
private func runDriver(
    _ count: UnsafeMutablePointer<CInt>,
    _ arguments: UnsafeMutablePointer<UnsafeMutablePointer<UnsafeMutablePointer<CChar>?>>, _ test: TestOneInput
) -> CInt

/// Fuzzes as the command line says.
public func fuzz(_ test: TestOneInput) -> Never {
    var count = CommandLine.argc
    var arguments = CommandLine.unsafeArgv
    exit(runDriver(&count, &arguments, test))
}
