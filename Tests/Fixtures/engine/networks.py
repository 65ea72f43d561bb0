"""The engine's networks in PyTorch, with torchvision's module names."""

import torch
from torch import nn
from torch.nn import functional as F


class Fire(nn.Module):
    def __init__(self, inputs: int, squeeze: int, expand: int, bypass: str):
        super().__init__()
        self.squeeze = nn.Conv2d(inputs, squeeze, 1)
        self.expand1x1 = nn.Conv2d(squeeze, expand, 1)
        self.expand3x3 = nn.Conv2d(squeeze, expand, 3, padding=1)
        self.adds = bypass != "none" and inputs == 2 * expand
        self.bypass = nn.Conv2d(inputs, 2 * expand, 1) if bypass == "complex" and not self.adds else None

    def forward(self, x):
        s = F.relu(self.squeeze(x))
        y = torch.cat([F.relu(self.expand1x1(s)), F.relu(self.expand3x3(s))], 1)
        if self.adds:
            return y + x
        return y if self.bypass is None else y + self.bypass(x)


TOPOLOGIES = {
    "squeezenet-cifar": ((64, 3, 1, 1), 2, [0, (32, 64), (32, 64), 0, (32, 128), (32, 128)]),
    "squeezenet-1.0": (
        (96, 7, 2, 0), 3,
        [0, (16, 64), (16, 64), (32, 128), 0, (32, 128), (48, 192), (48, 192), (64, 256), 0, (64, 256)],
    ),
    "squeezenet-1.1": (
        (64, 3, 2, 0), 3,
        [0, (16, 64), (16, 64), 0, (32, 128), (32, 128), 0, (48, 192), (48, 192), (64, 256), (64, 256)],
    ),
}


class SqueezeNet(nn.Module):
    def __init__(self, architecture: str, bypass: str, classes: int, size: int):
        super().__init__()
        (filters, kernel, stride, padding), pool, blocks = TOPOLOGIES[architecture]
        if architecture != "squeezenet-cifar" and size < 64:
            kernel, stride, padding = 3, 1, 1
        layers = [nn.Conv2d(3, filters, kernel, stride, padding), nn.ReLU()]
        channels = filters
        for block in blocks:
            if block == 0:
                layers.append(nn.MaxPool2d(pool, 2, ceil_mode=pool == 3))
            else:
                layers.append(Fire(channels, *block, bypass))
                channels = 2 * block[1]
        self.features = nn.Sequential(*layers)
        self.classifier = nn.Sequential(
            nn.Dropout(0.5), nn.Conv2d(channels, classes, 1), nn.ReLU(), nn.AdaptiveAvgPool2d(1))

    def forward(self, x, keep=None):
        """`keep`, zeros and ones in the shape of the features, stands in for dropout's random mask."""
        x = self.features(x)
        if keep is not None:
            x = x * keep * 2
        for layer in list(self.classifier)[1:]:
            x = layer(x)
        return x.flatten(1)
