internal import Glibc

/// A program that we talk to by its standard input and output. What it has to say to people goes where our words go.
struct ChildProcess {
    private let id: pid_t
    private let input: CInt
    private let output: CInt

    /// - Parameters:
    ///   - words: the program, which is looked for in $PATH, and its arguments.
    ///   - third: what it gets as descriptor 3.
    init(_ words: [String], third: CInt? = nil) throws(StartError) {
        let input = try Self.pipe(to: words[0])
        let output: Pipe
        do throws(StartError) {
            output = try Self.pipe(to: words[0])
        } catch {
            input.close()
            throw error
        }
        var actions = posix_spawn_file_actions_t()
        posix_spawn_file_actions_init(&actions)
        defer { posix_spawn_file_actions_destroy(&actions) }
        posix_spawn_file_actions_adddup2(&actions, input.reading, STDIN_FILENO)
        posix_spawn_file_actions_adddup2(&actions, output.writing, STDOUT_FILENO)
        if let third { posix_spawn_file_actions_adddup2(&actions, third, STDERR_FILENO + 1) }
        var arguments: [UnsafeMutablePointer<CChar>?] = words.map { strdup($0) } + [nil]
        defer { for argument in arguments { free(argument) } }
        var id = pid_t()
        let code = posix_spawnp(&id, words[0], &actions, nil, &arguments, environ)
        guard code == 0 else {
            input.close()
            output.close()
            throw StartError(program: words[0], code: code)
        }
        close(input.reading)
        close(output.writing)
        self.id = id
        self.input = input.writing
        self.output = output.reading
    }

    /// Writes all that it is to read; gives the error of the call that could not.
    func finish(_ bytes: [UInt8]) -> CInt? {
        defer { close(input) }
        return Output.write(bytes, to: input)
    }

    /// What it has written next; nothing when it writes no more, or can't be read.
    func read() -> [UInt8] {
        var buffer = [UInt8](repeating: 0, count: 65_536)
        while true {
            let count = Glibc.read(output, &buffer, buffer.count)
            if count < 0, errno == EINTR { continue }
            return Array(buffer.prefix(max(count, 0)))
        }
    }

    /// Waits until it has ended; gives its status as waitpid(2) does.
    func wait() -> CInt {
        close(output)
        var status: CInt = 0
        while waitpid(id, &status, 0) < 0, errno == EINTR {}
        return status
    }

    private struct Pipe {
        let reading: CInt
        let writing: CInt

        func close() {
            Glibc.close(reading)
            Glibc.close(writing)
        }
    }

    /// Ends that the program does not inherit; it gets copies.
    private static func pipe(to program: String) throws(StartError) -> Pipe {
        var ends: [CInt] = [0, 0]
        guard Glibc.pipe(&ends) == 0 else { throw StartError(program: program, code: errno) }
        for end in ends { _ = fcntl(end, F_SETFD, FD_CLOEXEC) }
        return Pipe(reading: ends[0], writing: ends[1])
    }
}

/// A program that could not be started, and the system call's error.
struct StartError: Error {
    let program: String
    let code: CInt
}
