import Datasets
import TestSupport
import Testing

/// Damaged inputs: every one is imported or refused with the library's error; nothing crashes, nothing is left behind.
struct RobustnessTests {
    /// Imports each damaged version of the file `name`, beside `others`; returns how many were refused.
    func refusals(
        of name: String, _ valid: [UInt8], beside others: [(name: String, bytes: [UInt8])] = [], flips: Int = 400
    ) throws -> Int {
        let scratch = try ScratchDirectory()
        var inputs = try others.map { SourceFile(name: $0.name, path: try scratch.write("in/\($0.name)", $0.bytes)) }
        inputs.append(SourceFile(name: name, path: scratch["in/\(name)"]))
        try scratch.write("in/\(name)", valid)
        _ = try scratch.importing(inputs)
        try Oracle.run("rm", [scratch["out"]])

        var refused = 0
        for bytes in damaged(valid, flips: flips, seed: 7) {
            try scratch.write("in/\(name)", bytes)
            do throws(DatasetError) {
                _ = try DatasetImport.run(files: inputs, classes: nil, output: scratch["out"], progress: { _ in })
            } catch {
                refused += 1
                #expect(try scratch.names().filter { $0 != "in" && $0 != "out" }.isEmpty)
            }
        }
        return refused
    }

    @Test func cifar() throws {
        let valid = TestData.records([[1]])
        #expect(try refusals(of: "data_batch_1.bin", valid) == valid.count)
    }

    @Test func idx() throws {
        let pictures = TestData.idxPictures(1)
        let labels = ("labels-ubyte", TestData.idxLabels([0]))
        #expect(try refusals(of: "images-ubyte", pictures, beside: [labels]) >= pictures.count)
        #expect(try refusals(of: "labels-ubyte", labels.1, beside: [("images-ubyte", pictures)]) >= labels.1.count)
    }

    @Test func gzip() throws {
        let scratch = try ScratchDirectory()
        let pictures = try Oracle.run("gzip", ["-c", scratch.write("a", TestData.idxPictures(1))])
        let labels = ("labels-ubyte", TestData.idxLabels([0]))
        #expect(try refusals(of: "images-ubyte.gz", pictures, beside: [labels]) >= pictures.count)
    }

    @Test func tar() throws {
        let scratch = try ScratchDirectory()
        try scratch.write("x/a.bin", TestData.records([[1]]))
        let tar = try Oracle.run("tar", ["-C", scratch.path, "-c", "x"])
        // At least every truncation (every second one is tried) before the end of the member; padding follows it.
        #expect(try refusals(of: "a.tar", tar, flips: 800) >= (2 * 512 + 3_073) / 2)
    }

    @Test func dataset() throws {
        let scratch = try ScratchDirectory()
        _ = try scratch.importing([("data.bin", TestData.records([[1]])), ("test.bin", TestData.records([[0]]))])
        let valid = try scratch.read("out")
        var refused = 0
        for bytes in damaged(valid, flips: 400, seed: 3) {
            let path = try scratch.write("damaged", bytes)
            do throws(DatasetError) {
                let dataset = try MappedDataset(path: path)
                #expect((0..<dataset.train.count).allSatisfy { dataset.train.label($0) < dataset.classes.count })
            } catch {
                refused += 1
            }
        }
        #expect(refused >= valid.count / max(1, valid.count / 4_096))
    }
}
