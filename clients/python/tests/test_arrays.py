"""Arrays and folders as data sets, imported by a real daemon: what goes in comes out, as Pillow reads it."""

import io
from pathlib import Path
from typing import Any, Dict, Tuple

import pytest
from test_folders import photos as photos

import sqzd

numpy = pytest.importorskip("numpy")
image = pytest.importorskip("PIL.Image")

# Not in the alphabet's order, and such that no folder could be called so.
CLASSES = ["zebra", "a/b, c", ".hidden", 'the "cat"', "Ärger"]


def noise(*shape: int) -> Any:
    return numpy.random.default_rng(1).integers(0, 256, shape, numpy.uint8)


def pixels(png: bytes) -> Any:
    return numpy.asarray(image.open(io.BytesIO(png)))


@pytest.mark.parametrize("side", [1, 28, 32, 300])
def test_squares_keep_their_pixels_and_labels(client: sqzd.Client, side: int) -> None:
    x, y = noise(12, side, side, 3), numpy.array([3, 0, 1, 2, 0, 1, 3, 2, 0, 1, 2, 3])
    # A view that is not contiguous, and labels as Keras has them.
    test = (noise(4, side, side, 6)[..., ::2], numpy.array([[1], [0], [3], [3]], numpy.uint8))
    dataset = client.import_arrays(x, y, CLASSES, name=f"squares{side}", test=test)
    assert (dataset.width, dataset.height, dataset.classes) == (side, side, CLASSES)
    assert (dataset.train_by_class, dataset.test_by_class) == ([3, 3, 3, 3, 0], [1, 1, 0, 2, 0])
    for index in range(12):
        assert (pixels(client.picture(dataset.name, f"train/{index:07}.png")) == x[index]).all()
    order = [1, 4, 8, 2, 5, 9, 3, 7, 10, 0, 6, 11]
    for place, index in enumerate(order):
        assert (pixels(client.picture(dataset.name, place)) == x[index]).all()
        reply = client.call("io.sqzd.Datasets.Picture", dataset=dataset.name, picture=place)
        assert (reply["label"], reply["className"]) == (y[index], CLASSES[y[index]])
    for index in range(4):
        found = client.picture(dataset.name, f"test/{index:07}.png", split="test")
        assert (pixels(found) == test[0][index]).all()


def test_grey_and_what_is_no_square(client: sqzd.Client) -> None:
    grey = noise(4, 40, 40)
    client.import_arrays(grey, [1, 0, 1, 0], ["a", "b"], name="grey")
    expected = numpy.repeat(grey[2][..., None], 3, 2)
    assert (pixels(client.picture("grey", "train/0000002.png")) == expected).all()
    wide = noise(4, 40, 60, 3)
    cropped = client.import_arrays(wide, [1, 0, 1, 0], ["a", "b"], name="wide")
    assert (cropped.width, cropped.fit) == (40, "crop")
    assert (pixels(client.picture("wide", "train/0000000.png")) == wide[0][:, 10:50]).all()
    padded = client.import_arrays(wide, [1, 0, 1, 0], ["a", "b"], name="padded", size=60, fit="pad")
    assert (pixels(client.picture("padded", "train/0000000.png"))[10:50] == wide[0]).all()
    assert padded.fit == "pad"


X, Y = noise(4, 8, 8, 3), [0, 1, 0, 1]
ODD: Dict[str, Tuple[Any, Any, Any, str]] = {
    "floats": (X / 255, Y, "ab", "float64, 4x8x8x3; right would be .*uint8.*astype"),
    "wide integers": (X.astype("int64"), Y, "ab", "int64"),
    "a picture": (X[0][0], Y, "ab", "uint8, 8x3; right would be"),
    "planes first": (noise(4, 3, 8, 8), Y, "ab", "4x3x8x8; right would be an array of uint8, NxHxWx3"),
    "alpha": (noise(4, 8, 8, 4), Y, "ab", "4x8x8x4"),
    "none": (X[:0], [], "ab", "0x8x8x3"),
    "lists": (X.tolist(), Y, "ab", "x is a list"),
    "too few labels": (X, Y[:3], "ab", "y has 3 labels for the 4 pictures"),
    "one hot": (X, numpy.eye(4, dtype=int), "ab", "4x4; right would be an integer"),
    "float labels": (X, numpy.zeros(4), "ab", "y is an array of float64"),
    "names": (X, ["a", "b", "a", "b"], "ab", r"y\[0\] is 'a'"),
    "flags": (X, [True, False, True, False], "ab", r"y\[0\] is True"),
    "outside": (X, [0, 1, 2, 0], "ab", r"y\[2\] is 2; right for 2 classes would be 0 to 1"),
    "negative": (X, [0, 1, -1, 0], "ab", r"y\[2\] is -1"),
    "numbers": (X, Y, [1, 2], r"classes\[0\] is 1"),
}


@pytest.mark.parametrize("kind", ODD)
def test_what_is_no_data_set(client: sqzd.Client, kind: str) -> None:
    x, y, classes, told = ODD[kind]
    with pytest.raises((TypeError, ValueError), match=told):
        client.import_arrays(x, y, list(classes), name="odd")
    if isinstance(classes, str):
        with pytest.raises(TypeError, match="classes is a str"):
            client.import_arrays(X, Y, classes, name="odd")


def test_what_only_the_daemon_refuses(client: sqzd.Client) -> None:
    with pytest.raises(ValueError, match="test\\[0\\] has pictures of 9x9, x of 8x8"):
        client.import_arrays(X, Y, ["a", "b"], name="odd", test=(noise(1, 9, 9, 3), [0]))
    with pytest.raises(sqzd.BadData, match="fewer than two classes"):
        client.import_arrays(X, [0] * 4, ["a", "b"], name="odd")
    with pytest.raises(sqzd.BadData, match="can't be seen"):
        client.import_arrays(X, Y, ["a", "b\u202e"], name="odd")
    assert "odd" not in [dataset.name for dataset in client.datasets()]


def test_a_folder_of_pictures(client: sqzd.Client, photos: Path, tmp_path: Path) -> None:
    made = client.import_pictures(photos, "folder", size=32, classes=["dark", "bright"])
    assert made.classes == ["dark", "bright"] and made.train_by_class == [3, 3]
    with pytest.raises(FileNotFoundError):
        client.import_pictures(tmp_path / "nothing")
    with pytest.raises(NotADirectoryError, match="right would be a folder"):
        client.import_pictures(photos / ".DS_Store")
    (tmp_path / "empty").mkdir()
    with pytest.raises(ValueError, match="no pictures below this folder"):
        client.import_pictures(tmp_path / "empty")
    (tmp_path / "empty" / "link.png").symlink_to(next(photos.rglob("*.png")))
    with pytest.raises(ValueError, match="links are not followed"):
        client.import_pictures(tmp_path / "empty")
