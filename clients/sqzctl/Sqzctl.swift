import Varlink
import ArgumentParser
@main struct Sqzctl: ParsableCommand { func run() throws {} }
