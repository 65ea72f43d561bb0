internal import Bitmaps
internal import Datasets
internal import FoundationEssentials
internal import Imaging
internal import SqzProtocol

/// One picture of a data set, as somebody wants to look at it.
enum DatasetPicture {
    typealias Interface = RunnerInterface.Picture

    static func reply(to request: Interface.Parameters) throws -> Interface.Reply {
        let dataset = try MappedDataset(ofJob: request.dataset)
        let name = request.split ?? .train
        let split = name == .train ? dataset.train : dataset.test
        let place = try place(request, name, split)
        guard let split, (0..<split.count).contains(place) else {
            throw SqzError.noSuchPicture(split: name, pictures: split?.count ?? 0, picture: place)
        }
        let label = split.label(place)
        var names = split.names
        let bitmap = Bitmap(planes: split.picture(place), width: split.width, height: split.height)
        return Interface.Reply(
            data: Data(try bitmap.png()).base64EncodedString(), picture: place, label: label,
            className: dataset.classes[label], file: names?.name(of: place))
    }

    private static func place(
        _ request: Interface.Parameters, _ name: DatasetSplit, _ split: MappedDataset.Split?
    ) throws -> Int {
        switch (request.picture, request.file) {
        case (let place?, nil): return place
        case (nil, let file?):
            guard let split else { throw SqzError.noSuchPicture(split: name, pictures: 0, file: file) }
            guard let names = split.names else {
                throw SqzError.invalidOption(
                    option: "file", reason: "the pictures of this data set were no files; right would be a number")
            }
            guard let place = names.place(of: file) else {
                throw SqzError.noSuchPicture(split: name, pictures: split.count, file: file)
            }
            return place
        default: throw SqzError.invalidOption(option: "picture", reason: "give either its number or its file")
        }
    }
}

extension Bitmap {
    /// A picture as data sets have it: the red, the green and the blue plane.
    fileprivate init(planes: UnsafeRawBufferPointer, width: Int, height: Int) {
        let count = width * height
        self.init(
            width: width, height: height,
            pixels: [UInt8](unsafeUninitializedCapacity: 3 * count) { pixels, initialized in
                for channel in 0..<3 {
                    for place in 0..<count { pixels[3 * place + channel] = planes[channel * count + place] }
                }
                initialized = 3 * count
            })
    }
}
