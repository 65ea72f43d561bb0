#!/usr/bin/env python3
"""`--recipe quick` in PyTorch on all threads, as its users would write it: pictures in memory, a batch cropped and mirrored at once,
channels last, batch normalization over the whole batch, torch.optim.Muon. Prints the accuracy on 5,000 pictures that were held out, and
the seconds of the training with its measuring after each epoch.

usage: recipe_torch.py CIFAR EPOCHS SEED
"""

import pathlib
import sys
import time

import numpy as np
import torch
from torch.nn import functional as F

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "Fixtures/engine"))
import make_recipes  # noqa: E402
from networks import Fire, SqueezeNet  # noqa: E402

BATCH, RATE, MOMENTUM, DECAY, WARM_UP, PADDING, HELD_OUT = 64, 0.1, 0.95, 5e-3, 0.2, 2, 5_000


class Normalized(torch.nn.Module):
    """A convolution, and batch normalization without a factor behind it, which has the bias."""

    def __init__(self, convolution):
        super().__init__()
        self.convolution = convolution
        self.bias, convolution.bias = convolution.bias, None
        self.register_buffer("mean", torch.zeros_like(self.bias))
        self.register_buffer("variance", torch.ones_like(self.bias))

    def forward(self, x):
        return self.shifted(self.convolution(x))

    def shifted(self, y):
        return F.batch_norm(y, self.mean, self.variance, None, self.bias, self.training, momentum=0.02)


def network():
    model = SqueezeNet("squeezenet-cifar", "none", 10, 32)
    make_recipes.set_weights(model)
    for fire in model.features:
        if isinstance(fire, Fire):
            for name in ("squeeze", "expand1x1", "expand3x3"):
                setattr(fire, name, Normalized(getattr(fire, name)))
    stem, pool = model.features[0], model.features[2]
    normalized = Normalized(stem)
    # As the engine: what the pool leaves is normalized.
    normalized.forward = lambda x: normalized.shifted(pool(stem(x)))
    model.features[0], model.features[2] = normalized, torch.nn.Identity()
    return model


def standardized(x):
    x = x.float()
    deviation = x.std((1, 2, 3), correction=0, keepdim=True).clamp(min=x[0].numel() ** -0.5)
    return ((x - x.mean((1, 2, 3), keepdim=True)) / deviation).contiguous(memory_format=torch.channels_last)


def augmented(padded, places, mirrored):
    """Windows of pictures."""
    side = padded.shape[-1] - 2 * PADDING
    rows, columns = (torch.randint(2 * PADDING + 1, (len(places), 1)) + torch.arange(side) for _ in range(2))
    columns = torch.where(mirrored[:, None], columns.flip(1), columns)
    channels = torch.arange(3)[:, None, None]
    return standardized(padded[places[:, None, None, None], channels, rows[:, None, :, None], columns[:, None, None, :]])


def main(cifar, epochs, seed):
    torch.manual_seed(seed)
    records = np.concatenate([np.fromfile(p, np.uint8) for p in sorted(pathlib.Path(cifar).glob("data_batch_*.bin"))])
    records = torch.from_numpy(records.reshape(-1, 3073))[torch.randperm(len(records) // 3073)]
    labels, pictures = records[:, 0].long(), records[:, 1:].reshape(-1, 3, 32, 32)
    start = time.perf_counter()
    padded, count = F.pad(pictures[HELD_OUT:], [PADDING] * 4), len(pictures) - HELD_OUT
    model = network()
    rule = make_recipes.optimizer(model, "muon", RATE, {"momentum": MOMENTUM, "weight_decay": DECAY})
    steps, step, first = epochs * -(-count // BATCH), 0, torch.rand(count) < 0.5
    rising = round(WARM_UP * steps)
    for epoch in range(epochs):
        model.train()
        for places in torch.randperm(count).split(BATCH):
            factor = (step + 1) / rising if step < rising else 1 - (step - rising) / (steps - rising)
            for group in rule.param_groups + rule.others.param_groups:
                group["lr"] = RATE * factor
            rule.zero_grad()
            x = augmented(padded, places, first[places] ^ (epoch % 2 == 1))
            F.cross_entropy(make_recipes.logits(model, x, False), labels[HELD_OUT + places]).backward()
            rule.step()
            step += 1
        model.eval()
        with torch.no_grad():
            right = sum(
                (make_recipes.logits(model, standardized(x), False).argmax(1) == y).sum().item()
                for x, y in zip(pictures[:HELD_OUT].split(500), labels[:HELD_OUT].split(500))
            )
        print(f"epoch {epoch + 1}: {right / HELD_OUT:.2%}", file=sys.stderr)
    print(right / HELD_OUT, time.perf_counter() - start)


if __name__ == "__main__":
    main(sys.argv[1], int(sys.argv[2]), int(sys.argv[3]))
