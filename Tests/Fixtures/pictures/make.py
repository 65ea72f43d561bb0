#!/usr/bin/env python3
"""Writes a folder of small pictures by Pillow, as people have them: PNG, JPEG and WebP, colour and grey, of many sizes.

    make.py FOLDER [SEED]

Each class has a colour of its own, so that a network learns it. Beside them lies what folders hold that is no picture.
"""

import os
import random
import sys
from pathlib import Path

from PIL import Image

CLASSES = {"red": (220, 30, 30), "grün": (30, 220, 30), "blue": (30, 30, 220)}
FORMATS = [("png", {}), ("jpg", {"quality": 90}), ("webp", {"quality": 90})]
STRAYS = {".DS_Store": b"x", "train/red/Thumbs.db": b"x", "readme.txt": b"text", "train/red/empty.jpg": b""}


def picture(colour: "tuple[int, int, int]", number: int, chance: random.Random) -> Image.Image:
    size = (chance.randint(50, 120), chance.randint(50, 120))
    noise = Image.effect_noise((8, 8), 30 + number).resize(size)
    image = Image.blend(Image.new("RGB", size, colour), noise.convert("RGB"), 0.2)
    return image.convert("L") if number == 5 else image


def main(folder: Path, seed: int) -> None:
    chance = random.Random(seed)
    for split, count in (("train", 12), ("test", 6)):
        for name, colour in CLASSES.items():
            (folder / split / name).mkdir(parents=True)
            for number in range(count):
                ending, options = FORMATS[number % len(FORMATS)]
                picture(colour, number, chance).save(folder / split / name / f"{number}.{ending}", **options)
    for name, data in STRAYS.items():
        (folder / name).write_bytes(data)
    os.symlink("0.png", folder / "train" / "red" / "link.png")


if __name__ == "__main__":
    main(Path(sys.argv[1]), int(sys.argv[2]) if len(sys.argv) > 2 else 1)
