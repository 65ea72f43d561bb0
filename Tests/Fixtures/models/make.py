#!/usr/bin/env python3
"""Makes the models in this folder, as PyTorch and safetensors write them, and PyTorch's logits for each, in logits.json.

    make.py        needs torch, safetensors and onnxscript; the files there were made with torch 2.13 and safetensors 0.8

Those called tiny are seeds for the fuzzers. Weights are random; the picture is that of `picture`, which the tests make too.
"""

import json
from pathlib import Path

import torch
from safetensors.torch import save_file
from torch import nn

FOLDER = Path(__file__).resolve().parent


class Fire(nn.Module):
    def __init__(self, inputs, squeeze, expand):
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)

    def forward(self, x):
        x = self.squeeze(x).relu()
        return torch.cat([self.expand1x1(x).relu(), self.expand3x3(x).relu()], 1)


class Network(nn.Module):
    """torchvision's modules under torchvision's names."""

    def __init__(self, features, channels, classes):
        super().__init__()
        self.features = nn.Sequential(*features)
        self.classifier = nn.Sequential(
            nn.Dropout(), nn.Conv2d(channels, classes, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1)
        )
        for parameter in self.parameters():
            if parameter.dim() == 4:
                nn.init.kaiming_uniform_(parameter)
            else:
                nn.init.uniform_(parameter, -0.1, 0.1)
        self.eval()

    def forward(self, x):
        return self.classifier(self.features(x)).flatten(1)


def version11(classes):
    def pool():
        return nn.MaxPool2d(3, 2, ceil_mode=True)

    fires = [Fire(64, 16, 64), Fire(128, 16, 64), pool(), Fire(128, 32, 128), Fire(256, 32, 128), pool()]
    fires += [Fire(256, 48, 192), Fire(384, 48, 192), Fire(384, 64, 256), Fire(512, 64, 256)]
    return Network([nn.Conv2d(3, 64, 3, 2), nn.ReLU(), pool()] + fires, 512, classes)


def cifar(classes):
    def pool():
        return nn.MaxPool2d(2, 2)

    fires = [Fire(64, 32, 64), Fire(128, 32, 64), pool(), Fire(128, 32, 128), Fire(256, 32, 128)]
    return Network([nn.Conv2d(3, 64, 3, padding=1), nn.ReLU(), pool()] + fires, 256, classes)


def picture(side):
    """Planes of bytes, by a generator that every language has."""
    state, values = 1, []
    for _ in range(3 * side * side):
        state = (state * 1103515245 + 12345) % 2**31
        values.append(state >> 16 & 255)
    return torch.tensor(values, dtype=torch.float32).view(1, 3, side, side)


def imagenet_input():
    central = picture(256)[:, :, 16:240, 16:240] / 255
    mean, deviation = torch.tensor([0.485, 0.456, 0.406]), torch.tensor([0.229, 0.224, 0.225])
    return (central - mean.view(1, 3, 1, 1)) / deviation.view(1, 3, 1, 1)


def tutorial_input():
    whole = picture(32)
    return (whole - whole.mean()) / whole.std(unbiased=False)


def rounded(network, type):
    """The state dict in another type; the network has the same numbers afterwards."""
    state = {name: value.to(type) for name, value in network.state_dict().items()}
    network.load_state_dict({name: value.float() for name, value in state.items()})
    return state


def main():
    torch.manual_seed(7)
    logits = {}

    def note(name, network, pixels):
        with torch.no_grad():
            logits[name] = network(pixels)[0].tolist()

    network = version11(3)
    torch.save(rounded(network, torch.float16), FOLDER / "squeezenet-1.1.pth")
    note("squeezenet-1.1.pth", network, imagenet_input())

    # A training's checkpoint: weights with the channels last in memory, the biases all in one storage.
    network = cifar(4)
    state = rounded(network, torch.bfloat16)
    biases = torch.cat([value for value in state.values() if value.dim() == 1])
    start = 0
    for name, value in state.items():
        if value.dim() == 4:
            state[name] = value.contiguous(memory_format=torch.channels_last)
        else:
            state[name] = biases[start : start + len(value)]
            start += len(value)
    state = {"module." + name: value for name, value in state.items()}
    steps = {"state": {0: {"step": 2**40, "exp_avg": torch.zeros(3)}}, "param_groups": [{"lr": 0.1, "betas": (0.9, 0.99)}]}
    checkpoint = {"epoch": 3, "best": None, "done": True, "state_dict": state, "optimizer": steps}
    torch.save(checkpoint, FOLDER / "checkpoint.tar", _use_new_zipfile_serialization=False)
    note("checkpoint.tar", network, tutorial_input())

    network = cifar(2)
    save_file({"model." + name: value for name, value in rounded(network, torch.float16).items()}, FOLDER / "cifar.safetensors", {"format": "pt"})
    note("cifar.safetensors", network, tutorial_input())

    network = cifar(3)
    torch.onnx.export(network, (tutorial_input(),), FOLDER / "cifar.onnx", dynamo=True, external_data=False)
    note("cifar.onnx", network, tutorial_input())

    tiny = Network([nn.Conv2d(3, 4, 3, 2), nn.ReLU(), nn.MaxPool2d(3, 2, ceil_mode=True), Fire(4, 2, 3)], 6, 2)
    torch.onnx.export(tiny, torch.zeros(1, 3, 16, 16), FOLDER / "tiny.onnx", dynamo=False)
    torch.save({"state_dict": tiny.state_dict(), "epoch": 1}, FOLDER / "tiny.pth")
    torch.save(tiny.state_dict(), FOLDER / "tiny-legacy.pth", _use_new_zipfile_serialization=False)

    # The whole module by its class, which nobody should load.
    torch.save(nn.Conv2d(1, 1, 1), FOLDER / "module.pth")
    (FOLDER / "logits.json").write_text(json.dumps(logits, indent=1) + "\n")


if __name__ == "__main__":
    main()
