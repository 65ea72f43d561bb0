#!/usr/bin/env python3
"""Makes logits.json beside it: what PyTorch computes with the files that sqzd exports, and the files' checksums.

    SQZ_EXPORTS=FOLDER swift test -c release --filter TorchLogitsTests     # writes the files, and picture.rgb, to FOLDER
    make.py FOLDER      needs torch and Pillow; logits.json was made with torch 2.13 and Pillow 13

The test compares the checksums, so that what it holds our logits against is of these files.
"""

import hashlib
import importlib.util
import json
import sys
from pathlib import Path

import torch
from PIL import Image

# As TorchLogitsTests has it.
WIDTH, HEIGHT = 90, 60


def main():
    torch.set_num_threads(1)
    folder = Path(sys.argv[1])
    image = Image.frombytes("RGB", (WIDTH, HEIGHT), (folder / "picture.rgb").read_bytes())
    found = {}
    for file in sorted(folder.glob("*.pth")):
        spec = importlib.util.spec_from_file_location(file.stem, file.with_suffix(".py"))
        module = importlib.util.module_from_spec(spec)
        spec.loader.exec_module(module)
        model = module.load(file)
        assert model.classes == ["a", "b", "ä", 'd"', "e"], model.classes
        upright, turned = (module.picture(i) for i in (image, image.transpose(Image.Transpose.TRANSPOSE)))
        with torch.no_grad():
            logits = model(torch.stack([upright, turned]))
            # Floats are taken for normalized.
            assert torch.equal(model(module.normalized(torch.stack([upright, turned]))), logits)
        found[file.stem] = {
            "file": hashlib.sha256(file.read_bytes()).hexdigest(),
            "module": hashlib.sha256(file.with_suffix(".py").read_bytes()).hexdigest(),
            "logits": logits.tolist(),
        }
    (Path(__file__).resolve().parent / "logits.json").write_text(json.dumps(found, indent=1) + "\n")


if __name__ == "__main__":
    main()
