import ArgumentParser
import SqzDaemon
@main struct Sqzd: AsyncParsableCommand { func run() async throws {} }
