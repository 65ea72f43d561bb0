#!/usr/bin/env python3
"""Makes pictures of a kind in FOLDER, and what Pillow makes of them.

usage: make.py FOLDER png|jpeg|webp|resize|seeds

NAME is a picture, NAME.rgb its pixels as Pillow shows them: turned as EXIF says, over white. cases.json lists them. Where
Pillow has no right answer (16 bits of grey, a transparent colour of 16 bits) the samples' upper 8 bits are it.
"""
import io
import json
import pathlib
import struct
import sys
import zlib

import numpy
from PIL import Image, ImageDraw, ImageOps

Sample = numpy.ndarray


def photo(width: int, height: int, seed: int = 1) -> Image.Image:
    """Something like a photograph: light that changes slowly, edges, letters, noise."""
    random = numpy.random.default_rng(seed)
    rows, columns = numpy.mgrid[0:height, 0:width].astype(numpy.float64)
    waves = [numpy.sin(columns / 37 + seed) + numpy.cos(rows / 53), numpy.cos(columns / 91), numpy.sin(rows / 29)]
    base = 128 + 50 * numpy.stack(waves, axis=-1) + random.normal(0, 8, (height, width, 3))
    picture = Image.fromarray(numpy.clip(base, 0, 255).astype(numpy.uint8))
    draw = ImageDraw.Draw(picture)
    for _ in range(12):
        x, y = random.integers(0, width), random.integers(0, height)
        colour = tuple(int(value) for value in random.integers(0, 256, 3))
        draw.ellipse((x, y, x + width // 6, y + height // 5), fill=colour)
        draw.text((x, y), "squeeze", fill=(255, 255, 255))
    return picture


def shown(picture: Image.Image) -> Image.Image:
    """As a viewer with a white page shows it."""
    picture.load()
    picture = ImageOps.exif_transpose(picture)
    if picture.mode in ("RGBA", "LA", "PA") or "transparency" in picture.info:
        picture = picture.convert("RGBA")
        return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")
    return picture.convert("RGB")


class Cases:
    def __init__(self, folder: pathlib.Path) -> None:
        self.folder = folder
        self.list: list[dict[str, object]] = []

    def add(self, name: str, data: bytes, expected: Image.Image | None = None, **facts: object) -> None:
        (self.folder / name).write_bytes(data)
        pixels = shown(Image.open(io.BytesIO(data))) if expected is None else expected
        self.expect(name, name, pixels, **facts)

    def expect(self, name: str, source: str, pixels: Image.Image, **facts: object) -> None:
        (self.folder / f"{name}.rgb").write_bytes(pixels.tobytes())
        self.list.append({"name": name, "source": source, "width": pixels.width, "height": pixels.height, **facts})


def saved(picture: Image.Image, format: str, **options: object) -> bytes:
    file = io.BytesIO()
    picture.save(file, format, **options)
    return file.getvalue()


def orientation(value: int, order: str = "<", kind: int = 3) -> bytes:
    """EXIF with this one tag; `kind` is 3 for 16 bits, 4 for 32."""
    packed = struct.pack(order + ("HH" if kind == 3 else "I"), *((value, 0) if kind == 3 else (value,)))
    mark = b"II" if order == "<" else b"MM"
    return mark + struct.pack(order + "HIHHHI", 42, 8, 1, 0x0112, kind, 1) + packed + bytes(4)


# PNG

CHANNELS = {0: 1, 2: 3, 3: 1, 4: 2, 6: 4}
DEPTHS = {0: (1, 2, 4, 8, 16), 2: (8, 16), 3: (1, 2, 4, 8), 4: (8, 16), 6: (8, 16)}
ADAM7 = [(0, 0, 8, 8), (4, 0, 8, 8), (0, 4, 4, 8), (2, 0, 4, 4), (0, 2, 2, 4), (1, 0, 2, 2), (0, 1, 1, 2)]


def chunk(name: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))


def packed(rows: Sample, depth: int) -> bytes:
    """Rows of samples, each row with filter 0 before it."""
    if rows.size == 0:
        return b""
    flat = rows.reshape(rows.shape[0], -1)
    if depth == 16:
        data = flat.astype(">u2").view(numpy.uint8).reshape(flat.shape[0], -1)
    elif depth == 8:
        data = flat.astype(numpy.uint8)
    else:
        bits = numpy.unpackbits(flat.astype(numpy.uint8)[..., None], axis=-1)[..., 8 - depth :]
        data = numpy.packbits(bits.reshape(flat.shape[0], -1), axis=-1)
    return b"".join(b"\0" + row.tobytes() for row in data)


def png(samples: Sample, kind: int, depth: int, interlaced: bool, *chunks: bytes) -> bytes:
    height, width = samples.shape[:2]
    if interlaced:
        data = b"".join(packed(samples[y::down, x::right], depth) for x, y, right, down in ADAM7)
    else:
        data = packed(samples, depth)
    header = struct.pack(">IIBBBBB", width, height, depth, kind, 0, 0, int(interlaced))
    compressed = zlib.compress(data)
    half = len(compressed) // 2
    parts = chunk(b"IDAT", compressed[:half]) + chunk(b"IDAT", compressed[half:])
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + b"".join(chunks) + parts + chunk(b"IEND", b"")


def by_definition(samples: Sample, kind: int, transparent: Sample | None) -> Image.Image:
    """Of 16 bits: the upper 8, and white where the samples are the transparent colour, or in proportion to alpha."""
    eight = (samples >> 8).astype(numpy.uint8)
    colours = eight[..., :3] if kind in (2, 6) else numpy.repeat(eight[..., :1], 3, axis=-1)
    if kind in (4, 6):
        alpha = eight[..., -1:]
    elif transparent is not None:
        alpha = numpy.where((samples == transparent).all(axis=-1, keepdims=True), 0, 255).astype(numpy.uint8)
    else:
        return Image.fromarray(colours)
    picture = Image.fromarray(numpy.concatenate([colours, alpha], axis=-1), "RGBA")
    return Image.alpha_composite(Image.new("RGBA", picture.size, "white"), picture).convert("RGB")


def png_kind(cases: Cases, kind: int, depth: int, interlaced: bool) -> None:
    random = numpy.random.default_rng(kind * 100 + depth)
    samples = random.integers(0, 1 << depth, (21, 37, CHANNELS[kind]), dtype=numpy.uint16)
    # A picture has runs, too.
    samples[3:9, 5:30] = samples[3, 5]
    palette = random.integers(0, 256, (1 << depth, 3), dtype=numpy.uint8) if kind == 3 else numpy.zeros(0, numpy.uint8)
    before = [chunk(b"PLTE", palette.tobytes())] if kind == 3 else []
    name = f"{kind}-{depth}{'-interlaced' if interlaced else ''}"
    right = by_definition(samples, kind, None) if depth == 16 else None
    cases.add(f"{name}.png", png(samples, kind, depth, interlaced, *before), right)
    if kind in (4, 6):
        return
    colour = samples[3, 5]
    if kind == 3:
        clear = chunk(b"tRNS", bytes(random.integers(0, 256, (1 << depth) // 2 + 1, dtype=numpy.uint8)))
    else:
        clear = chunk(b"tRNS", colour.astype(">u2").tobytes())
    right = by_definition(samples, kind, colour) if depth == 16 else None
    if kind == 0 and depth < 8:
        # Pillow compares the transparent sample with 8 bits.
        spread = (samples.astype(numpy.uint16) * (255 // ((1 << depth) - 1))) << 8
        right = by_definition(spread, 0, spread[3, 5])
    cases.add(f"{name}-clear.png", png(samples, kind, depth, interlaced, *before, clear), right)


def pngs(cases: Cases) -> None:
    for kind, depths in DEPTHS.items():
        for depth in depths:
            png_kind(cases, kind, depth, False)
            png_kind(cases, kind, depth, True)
    picture = photo(120, 90)
    cases.add("photo.png", saved(picture, "PNG"))
    frames = [photo(40, 30, seed) for seed in (5, 6)]
    cases.add("animated.png", saved(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=100))
    cases.add("gamma.png", png(numpy.asarray(picture), 2, 8, False, chunk(b"gAMA", struct.pack(">I", 100_000))))
    profile = chunk(b"iCCP", b"nonsense\0\0" + zlib.compress(bytes(100)))
    cases.add("profile.png", png(numpy.asarray(picture), 2, 8, False, profile))
    for value in range(1, 9):
        data = png(numpy.asarray(picture), 2, 8, False, chunk(b"eXIf", orientation(value, ">")))
        cases.add(f"turned-{value}.png", data)
    for width, height in ((1, 1), (1, 10_000), (10_000, 1)):
        cases.add(f"{width}x{height}.png", saved(photo(width, height), "PNG"))


# JPEG


def jpegs(cases: Cases) -> None:
    picture = photo(203, 151)
    for name, options in {
        "baseline": {},
        "fine": {"subsampling": 0, "quality": 95},
        "wide": {"subsampling": 1},
        "progressive": {"progressive": True},
        "restarts": {"restart_marker_blocks": 3},
        "rgb": {"keep_rgb": True},
        "poor": {"quality": 5},
        "profile": {"icc_profile": bytes(70_000)},
        "comment": {"comment": b"hello"},
    }.items():
        cases.add(f"{name}.jpg", saved(picture, "JPEG", **options))
    cases.add("grey.jpg", saved(picture.convert("L"), "JPEG"))
    cases.add("grey-progressive.jpg", saved(picture.convert("L"), "JPEG", progressive=True))
    inks = saved(picture.convert("CMYK"), "JPEG", quality=95)
    cases.add("cmyk.jpg", inks)
    # Adobe's segment ends with how colours are coded: 2 is YCCK.
    adobe = inks.index(b"Adobe") + 11
    cases.add("ycck.jpg", inks[:adobe] + b"\2" + inks[adobe + 1 :])
    cases.add("cmyk-progressive.jpg", saved(picture.convert("CMYK"), "JPEG", progressive=True))
    cases.add("mpo.jpg", saved(picture, "MPO", save_all=True, append_images=[photo(203, 151, 2)]))
    for value in range(1, 9):
        for order in "<>":
            data = saved(picture, "JPEG", exif=b"Exif\0\0" + orientation(value, order))
            cases.add(f"turned-{value}-{'little' if order == '<' else 'big'}.jpg", data)
    cases.add("turned-long.jpg", saved(picture, "JPEG", exif=b"Exif\0\0" + orientation(6, "<", 4)))
    upright = shown(Image.open(io.BytesIO(saved(picture, "JPEG"))))
    many = orientation(6)[:8] + b"\xff\xff"
    beyond = b"II" + struct.pack("<HI", 42, 1 << 31)
    wrong = {"nine": orientation(9), "many": many, "beyond": beyond, "short": b"I", "other": b"XX" + many}
    for name, exif in wrong.items():
        cases.add(f"exif-{name}.jpg", saved(picture, "JPEG", exif=b"Exif\0\0" + exif), upright)
    for width, height in ((1, 1), (1, 10_000), (10_000, 1), (8, 8), (17, 33)):
        cases.add(f"{width}x{height}.jpg", saved(photo(width, height), "JPEG"))
        cases.add(f"{width}x{height}-progressive.jpg", saved(photo(width, height), "JPEG", progressive=True))


# WebP


def webps(cases: Cases) -> None:
    picture = photo(203, 151)
    alpha = Image.fromarray(numpy.random.default_rng(3).integers(0, 256, (151, 203), dtype=numpy.uint8))
    clear = picture.copy()
    clear.putalpha(alpha)
    cases.add("lossy.webp", saved(picture, "WEBP"))
    cases.add("lossless.webp", saved(picture, "WEBP", lossless=True))
    cases.add("clear.webp", saved(clear, "WEBP"))
    cases.add("clear-lossless.webp", saved(clear, "WEBP", lossless=True, exact=True))
    cases.add("profile.webp", saved(picture, "WEBP", icc_profile=bytes(1_000)))
    for value in range(1, 9):
        cases.add(f"turned-{value}.webp", saved(picture, "WEBP", exif=orientation(value)))
    cases.add("turned-marked.webp", saved(picture, "WEBP", exif=b"Exif\0\0" + orientation(6)))
    frames = [photo(80, 60, seed) for seed in (5, 6, 7)]
    cases.add("animated.webp", saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=100))
    # What is transparent at the first frame's edge is cut off by the encoder, which then says that there is no alpha.
    island, small = Image.new("RGBA", (80, 60)), frames[0].resize((30, 20))
    island.paste(small, (24, 16))
    data = saved(island, "WEBP", save_all=True, append_images=frames[1:], duration=100, lossless=True)
    assert data[12:16] == b"VP8X"
    page = Image.new("RGB", (80, 60), "white")
    page.paste(small, (24, 16))
    cases.add("island.webp", data, page)
    cases.add("island-alpha.webp", data[:20] + bytes([data[20] | 0x10]) + data[21:])
    for width, height in ((1, 1), (1, 10_000), (10_000, 1)):
        cases.add(f"{width}x{height}.webp", saved(photo(width, height), "WEBP"))


# Resizing

FILTERS = {"bilinear": Image.Resampling.BILINEAR, "bicubic": Image.Resampling.BICUBIC}


def resized(picture: Image.Image, size: tuple[int, int], filter: Image.Resampling) -> Image.Image:
    """The width first, as Pillow did until 12; 13 begins with the height where that shrinks more, which rounds otherwise."""
    right = picture.resize((size[0], picture.height), filter).resize(size, filter)
    difference = numpy.abs(numpy.asarray(right, int) - numpy.asarray(picture.resize(size, filter), int))
    assert difference.mean() < 0.5, f"{picture.size} to {size}: {difference.mean()}"
    return right


def cropped(picture: Image.Image, size: int, filter: Image.Resampling) -> Image.Image:
    """torchvision.transforms.Resize(size) and CenterCrop(size), by their formulas."""
    longer = int(size * max(picture.size) / min(picture.size))
    width, height = (size, longer) if picture.width < picture.height else (longer, size)
    left, top = int(round((width - size) / 2.0)), int(round((height - size) / 2.0))
    return picture.resize((width, height), filter).crop((left, top, left + size, top + size))


def resizes(cases: Cases) -> None:
    for width, height in ((640, 427), (97, 61), (300, 533), (32, 32), (1, 1), (1, 2_000), (2_000, 3), (1_013, 769)):
        picture = photo(width, height)
        source = f"{width}x{height}.png"
        cases.add(source, saved(picture, "PNG"))
        for filter, value in FILTERS.items():
            for to in ((224, 224), (640, 427), (33, 200), (1, 1), (500, 7)):
                name = f"{width}x{height}-{filter}-{to[0]}x{to[1]}"
                cases.expect(name, source, resized(picture, to, value), filter=filter)
            for size in (256, 224, 65, 37):
                right = cropped(picture, size, value)
                cases.expect(f"{width}x{height}-{filter}-crop-{size}", source, right, filter=filter, fit="crop")
            for size in (224, 33):
                stretched = resized(picture, (size, size), value)
                name = f"{width}x{height}-{filter}-stretch-{size}"
                cases.expect(name, source, stretched, filter=filter, fit="stretch")
                # Pillow's makes sides of 0 pixels.
                if min(width, height) * size >= max(width, height):
                    padded = ImageOps.pad(picture, (size, size), value)
                    cases.expect(f"{width}x{height}-{filter}-pad-{size}", source, padded, filter=filter, fit="pad")


# What a fuzzer begins with


def seeds(cases: Cases) -> None:
    for kind, depth, interlaced in (0, 1, True), (0, 16, False), (2, 16, True), (3, 4, True), (4, 8, False), (6, 16, True):
        png_kind(cases, kind, depth, interlaced)
    picture = photo(19, 13)
    frames = [photo(19, 13, seed) for seed in (5, 6)]
    cases.add("animated.png", saved(frames[0], "PNG", save_all=True, append_images=frames[1:], duration=100))
    cases.add("turned.png", png(numpy.asarray(picture), 2, 8, False, chunk(b"eXIf", orientation(6, ">"))))
    ways = {"baseline": {}, "progressive": {"progressive": True}, "restarts": {"restart_marker_blocks": 1}}
    for name, options in ways.items():
        cases.add(f"{name}.jpg", saved(picture, "JPEG", **options))
        cases.add(f"grey-{name}.jpg", saved(picture.convert("L"), "JPEG", **options))
    cases.add("cmyk.jpg", saved(picture.convert("CMYK"), "JPEG"))
    cases.add("turned.jpg", saved(picture, "JPEG", exif=b"Exif\0\0" + orientation(6)))
    clear = picture.copy()
    clear.putalpha(picture.convert("L"))
    cases.add("lossy.webp", saved(picture, "WEBP"))
    cases.add("lossless.webp", saved(picture, "WEBP", lossless=True))
    cases.add("clear.webp", saved(clear, "WEBP", exif=orientation(6)))
    cases.add("animated.webp", saved(frames[0], "WEBP", save_all=True, append_images=frames[1:], duration=100))


KINDS = {"png": pngs, "jpeg": jpegs, "webp": webps, "resize": resizes, "seeds": seeds}

if __name__ == "__main__":
    made = Cases(pathlib.Path(sys.argv[1]))
    KINDS[sys.argv[2]](made)
    (made.folder / "cases.json").write_text(json.dumps(made.list))
