import Datasets
import Foundation
import TestSupport
import Testing

/// Lists of labels beside flat folders of pictures.
struct LabelListTests {
    let scratch: ScratchDirectory

    init() throws { scratch = try ScratchDirectory() }

    private func list(_ text: String, _ name: String = "labels.csv") throws {
        try scratch.write("photos/\(name)", Array(text.utf8))
    }

    @Test(arguments: [
        ("labels.csv", "file,label\n1.png,dog\n2.png,cat\n3.png,dog\n"),
        ("labels.csv", "\u{FEFF}Class;number;Filename\r\ndog;1;1.png\r\ncat;2;2.png\r\n\r\ndog;3;./3.png"),
        ("labels.TSV", "image\tlabel\n1.png\tdog\n2.png\tcat\n3.png\tdog"),
        ("labels.tsv", "1.png\tdog\n2.png\tcat\n3.png\tdog\n"), ("labels.csv", "dog,1.png\ncat,2.png\ndog,3.png"),
        ("data.csv", ",filepaths,labels\n0,1.png,dog\n1,2.png,cat\n2,3.png,dog\n"),
        ("labels.csv", "\"path\",\"label\"\n\"1.png\",\"dog\"\n2.png, cat\n\"3.png\",dog\n"),
    ]) func aFlatFolder(_ name: String, _ text: String) throws {
        let path = try scratch.writePictures(["1.png", "2.png", "3.png", "4.png"])
        try list(text, name)
        let made = try scratch.importingPictures(path)
        #expect(made.dataset.classes == ["cat", "dog"])
        #expect(made.dataset.train.allNames == ["2.png", "1.png", "3.png"])
        #expect((0..<3).map { made.dataset.train.label($0) } == [0, 1, 1])
        #expect(made.passedOver == ["1 not in the list of labels: 4.png"])
    }

    /// Scalars that join to what is before them: an accent to a separator, a quote or the end of a line.
    @Test func whatJoinsToASeparator() throws {
        let path = try scratch.writePictures(["1.png", "\u{301}2.png"])
        try list("file,label\n1.png,\u{301}b\r\n\u{301}2.png,\"\u{327}c\"\u{308}\r")
        let made = try scratch.importingPictures(path)
        #expect(made.dataset.classes == ["\u{301}b", "\u{327}c\u{308}"])
        #expect(made.dataset.train.allNames == ["1.png", "\u{301}2.png"])
    }

    /// The pictures in a folder beside the list, or in several; the list's name says the split.
    @Test func aFolderBeside() throws {
        let path = try scratch.writePictures(["images/1.png", "images/2.png", "more/3.png", "more/1.png"])
        try list("file,label\nimages/1.png,a\n2.png,\"b, \"\"c\"\"\"\n", "train.csv")
        try list("file,label\n3.png,a\n", "test.csv")
        try list("id,price\n1,2\n", "other.csv")
        let made = try scratch.importingPictures(path)
        #expect(made.dataset.classes == ["a", "b, \"c\""])
        #expect(made.dataset.train.allNames == ["images/1.png", "images/2.png"])
        #expect(made.dataset.test?.allNames == ["more/3.png"])
        var names = try #require(made.dataset.train.names)
        #expect([1, 0, 1].map { names.name(of: $0) } == ["images/2.png", "images/1.png", "images/2.png"])
        #expect(["images/1.png", "images/2.png", "images/", "1.png", ""].map(names.place) == [0, 1, nil, nil, nil])
        #expect(made.passedOver == ["1 no picture: other.csv", "1 not in the list of labels: more/1.png"])
        // An archive with a leading folder is the same.
        try Oracle.run("tar", ["-C", scratch.path, "-cf", scratch["a.tar"], "photos"])
        #expect(try scratch.importingPictures(scratch["a.tar"]).bytes == made.bytes)
    }

    @Test(arguments: [
        (
            "file,label\n1.png,a\n9.png,b\n",
            "labels.csv: line 3: there is no picture 9.png; right would be its path below the list's folder"
        ),
        (
            "file,label\n1.png,a\n../2.png,b\n",
            "labels.csv: line 3: there is no picture ../2.png; right would be its path below the list's folder"
        ),
        (
            "file,label\n1.png,a\n3.png,b\n",
            "labels.csv: line 3: there are several pictures 3.png; right would be its path below the list's folder"
        ),
        ("file,label\n1.png,a\n1.png,b\n", "labels.csv: line 3: 1.png has a label already"),
        ("file,label\n1.png,a\n2.png,\n", "labels.csv: line 3 has no file or no label; right would be 1.jpg,cat"),
        (
            "file,label\n1.png,a\n2.png,a\n",
            "labels.csv: the labels name fewer than two classes; right would be two at least"
        ),
        ("file,label\n", "labels.csv: the labels name fewer than two classes; right would be two at least"),
    ]) func whatIsWrong(_ text: String, _ description: String) throws {
        let path = try scratch.writePictures(["1.png", "2.png", "a/3.png", "b/3.png"])
        try list(text)
        try scratch.expectRefusal(ofPictures: path, description)
    }

    /// Who wrote a table beside pictures hears of its headings; where folders tell the classes, it is passed over.
    @Test(arguments: ["id,breed\n1,dog\n2,cat\n", "1,1.png,dog\n2,2.png,cat\n", "\n"])
    func aTableThatIsNoList(_ text: String) throws {
        let path = try scratch.writePictures(["1.png", "2.png"])
        try list(text, "some.csv")
        try list("a,b\n", "other.csv")
        try scratch.expectRefusal(
            ofPictures: path,
            """
            other.csv: it is no list of labels, which begins with the headings file and label; and no picture lies in a folder \
            of its class; right would be a folder for each class with its pictures in it, such as cat/1.jpg and dog/2.jpg
            """)
        try scratch.writePictures(["a/1.png", "b/2.png"])
        #expect(try scratch.importingPictures(path).passedOver.last == "2 outside of any class's folder: 1.png")
    }

    @Test func aListAlone() throws {
        try list("file,label\n1.png,dog\n2.png,cat\n")
        try scratch.expectRefusal(
            ofPictures: scratch["photos/labels.csv"],
            "labels.csv: a table among records, or alone; right would be the folder in which it lies with its pictures")
    }

    @Test func whereItLiesAndHowLongItIs() throws {
        let path = try scratch.writePictures(["a/1.png", "b/1.png"])
        try list("file,label\na/1.png,a\nb/1.png,b\n", "x/labels.csv")
        try list("file,label\na/1.png,a\nb/1.png,b\n")
        try scratch.expectRefusal(
            ofPictures: path,
            "x/labels.csv: a list of labels in another folder than labels.csv; right would be the same")
        var limits = DatasetLimits()
        limits.labelListBytes = 10
        // Folders tell the classes where a table is too long to be a list.
        #expect(
            try scratch.importingPictures(path, limits: limits).passedOver == ["2 no picture: labels.csv"])
    }
}
