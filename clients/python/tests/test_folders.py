"""Folders of pictures, imported by a real daemon."""

import struct
import tarfile
import zlib
from pathlib import Path

import pytest

import sqzd


def png(side: int, grey: int) -> bytes:
    """A grey square."""

    def chunk(name: bytes, data: bytes) -> bytes:
        return struct.pack(">I", len(data)) + name + data + struct.pack(">I", zlib.crc32(name + data))

    header = struct.pack(">IIBBBBB", side, side, 8, 0, 0, 0, 0)
    rows = (b"\0" + bytes([grey]) * side) * side
    return b"\x89PNG\r\n\x1a\n" + chunk(b"IHDR", header) + chunk(b"IDAT", zlib.compress(rows)) + chunk(b"IEND", b"")


@pytest.fixture
def photos(tmp_path: Path) -> Path:
    folder = tmp_path / "photos"
    for split, kind, number in ((s, k, n) for s in ("train", "test") for k in ("bright", "dark") for n in range(3)):
        (folder / split / kind).mkdir(parents=True, exist_ok=True)
        grey = (200 if kind == "bright" else 20) + number + (10 if split == "test" else 0)
        (folder / split / kind / f"{number}.png").write_bytes(png(40, grey))
    (folder / ".DS_Store").write_bytes(b"x")
    (folder / "train" / "dark" / "link.png").symlink_to("0.png")
    return folder


def test_a_folder_and_its_archive_are_one_data_set(client: sqzd.Client, photos: Path) -> None:
    folder = client.import_dataset(photos, size=32, fit="pad")
    assert (folder.train, folder.test, folder.width, folder.format) == (6, 6, 32, "pictures")
    assert folder.classes == ["bright", "dark"]
    with tarfile.open(photos.parent / "packed.tar.xz", "w:xz") as archive:
        archive.add(photos, "photos")
    assert client.import_dataset(photos.parent / "packed.tar.xz", size=32, fit="pad").sha256 == folder.sha256


def test_a_picture_comes_out_again(client: sqzd.Client, photos: Path) -> None:
    client.import_dataset(photos, "again", size=40)
    for picture, name in ((3, "dark/0.png"), (5, "dark/2.png")):
        png = client.picture("again", picture)
        assert png.startswith(b"\x89PNG") and png == client.picture("again", f"train/{name}")
    assert client.picture("again", 3, split="test") != client.picture("again", 3)
    with pytest.raises(sqzd.NoSuchPicture) as missing:
        client.picture("again", 6)
    assert missing.value.parameters == {"split": "train", "pictures": 6, "picture": 6}
    assert client.dataset("again").fit == "crop"


def test_predictions_name_their_pictures(client: sqzd.Client, photos: Path) -> None:
    client.import_dataset(photos, "named", size=32)
    trained = client.wait(client.train("named", model="named", epochs=1, batch_size=2))
    assert trained.state == "succeeded"
    job = client.wait(client.predict("named", "named"))
    assert [one.file for one in client.predictions(job.id)] == [
        f"test/{kind}/{number}.png" for kind in ("bright", "dark") for number in range(3)
    ]


def test_a_picture_is_told_by_its_content(client: sqzd.Client, tmp_path: Path) -> None:
    for kind in ("a", "b"):
        (tmp_path / "bare" / kind).mkdir(parents=True)
        (tmp_path / "bare" / kind / "1").write_bytes(png(40, ord(kind)))
    assert client.import_dataset(tmp_path / "bare").train == 2


def test_unreadable_pictures(client: sqzd.Client, photos: Path) -> None:
    (photos / "train" / "dark" / "bad.jpg").write_bytes(b"GIF89a")
    with pytest.raises(sqzd.BadData) as bad:
        client.import_dataset(photos, "bad")
    assert bad.value.parameters["file"] == "train/dark/bad.jpg"
    assert client.import_dataset(photos, "bad", skip_unreadable=True).train == 6
