"""What a program has as a picture, as the bytes that the daemon takes. NumPy and Pillow are their users', and not imported."""

import io
import os
import struct
import zlib
from typing import Any, Iterator, List, Optional, Union

# Bytes, a path, a PIL image, or an array of uint8: HxWx3, or NxHxWx3 for several.
Picture = Any

# The daemon takes no more in one call, and no larger file.
IMAGES_PER_CALL = 1024
IMAGE_BYTES = 12_000_000
# CIFAR's pictures: their rows and columns.
_SIDE = 32

_EXPECTED = "right would be bytes, a path, a PIL image, or an array of uint8 (HxWx3 or NxHxWx3: red, green, blue)"


def is_one(images: Picture) -> bool:
    """Whether it is one picture; else it is several."""
    if _is_array(images):
        return len(images.shape) != 4
    return isinstance(images, (bytes, bytearray, memoryview, str, os.PathLike)) or _is_pil(images)


def each(images: Picture) -> Iterator[Picture]:
    """One picture after the other."""
    if is_one(images):
        yield images
    else:
        try:
            pictures = iter(images)
        except TypeError:
            raise TypeError(f"{type(images).__name__} is no picture; {_EXPECTED}") from None
        yield from pictures


def encoded(picture: Picture) -> bytes:
    """A picture as a file, or as a record of CIFAR's. Raises `OSError` where a path can't be read."""
    if isinstance(picture, (bytes, bytearray, memoryview)):
        return bytes(picture)
    if isinstance(picture, (str, os.PathLike)):
        with open(picture, "rb") as file:
            return file.read(IMAGE_BYTES + 1)
    if _is_pil(picture):
        return _of_pil(picture)
    if _is_array(picture):
        return _of_array(picture)
    raise TypeError(f"{type(picture).__name__} is no picture; {_EXPECTED}")


def _is_pil(picture: Picture) -> bool:
    return all(hasattr(picture, name) for name in ("mode", "size", "convert", "save"))


def _is_array(picture: Picture) -> bool:
    return all(hasattr(picture, name) for name in ("shape", "dtype", "tobytes")) and not _is_pil(picture)


# What a PNG file can have of Pillow's modes.
_PNG_MODES = ("1", "L", "LA", "P", "RGB", "RGBA", "I;16")


def _of_pil(picture: Picture) -> bytes:
    if picture.mode not in _PNG_MODES:
        if picture.mode in ("I", "F"):
            raise ValueError(f"a PIL image of the mode {picture.mode} has no known range; right would be RGB or L")
        # Made anew, it would lose how it is turned.
        exif = picture.getexif()
        picture = picture.convert("RGBA" if picture.mode in ("PA", "RGBa", "La") else "RGB")
    else:
        exif = picture.getexif()
    file = io.BytesIO()
    # Nothing is stored of it: what is saved here is only sent.
    picture.save(file, "PNG", compress_level=1, exif=exif)
    return file.getvalue()


def _of_array(array: Picture) -> bytes:
    if str(array.dtype) != "uint8" or len(array.shape) != 3 or array.shape[2] != 3 or 0 in array.shape:
        shape = "x".join(str(side) for side in array.shape)
        raise ValueError(f"an array of {array.dtype}, {shape or 'without sides'}, is no picture; {_EXPECTED}")
    height, width = array.shape[:2]
    pixels: bytes = array.tobytes()
    if (height, width) == (_SIDE, _SIDE):
        return pixels[0::3] + pixels[1::3] + pixels[2::3]
    return png(pixels, height, width)


def png(pixels: bytes, height: int, width: int, channels: int = 3) -> bytes:
    """A PNG file, of 3 channels or of a grey one, compressed only where it would be too large else."""
    row = channels * width
    rows = b"".join(b"\0" + pixels[start : start + row] for start in range(0, len(pixels), row))
    header = struct.pack(">IIBBBBB", width, height, 8, 2 if channels == 3 else 0, 0, 0, 0)
    data = zlib.compress(rows, 0 if len(rows) < IMAGE_BYTES - 10_000 else 1)
    return b"\x89PNG\r\n\x1a\n" + _chunk(b"IHDR", header) + _chunk(b"IDAT", data) + _chunk(b"IEND", b"")


def _chunk(kind: bytes, data: bytes) -> bytes:
    return struct.pack(">I", len(data)) + kind + data + struct.pack(">I", zlib.crc32(kind + data))


def too_large(picture: bytes) -> Optional[str]:
    """Why it is not sent."""
    if len(picture) > IMAGE_BYTES:
        return f"has more than {IMAGE_BYTES:,} bytes, the most that a picture may have"
    return None
