#!/usr/bin/env python3
"""Makes recipes.json and recipes.bin beside this file: ten steps of PyTorch's optimizers and schedules, its smoothed loss,
and its divergence from a teacher.

usage: make_recipes.py        (needs numpy, torch)

Network, weights and pictures are those of make_fixtures.py, made by the counter-based generator. The truth is PyTorch in double
precision; beside it stands its own error in single precision, and what rounding does over ten steps, twice the worst of some
tries: gradients with three times PyTorch's error, and maps with that of the engine's Winograd kernels (ARCHITECTURE.md), which
tips a ReLU or a maximum over now and then, and sometimes two. Tolerances are derived from these; each step may also round a weight
to half a unit in its last place.

Noise is put on gradients that there are: behind a dead ReLU they are exactly zero, in the engine too. Adam would make full steps of
it there, for it divides a gradient by its own size. For the same reason AdamW's tolerances are larger than SGD's by far: what is as
small as its rounding moves a weight by a full step in any direction, in PyTorch's single precision as well (1e-3 of a tensor's norm).
"""

import json
import pathlib

import numpy as np
import torch
from torch.nn import functional as F
from torch.optim import lr_scheduler

import philox
from networks import SqueezeNet

HERE = pathlib.Path(__file__).parent
SEED = 0x5EED_0F_5C4E1
NETWORK = ("squeezenet-cifar", "none", 10, 32)
PICTURES = 12
STEPS = 10
SAMPLES = 64
WINOGRAD_ERROR = 5.8e-7
TRIES = 8

WEIGHTS = [0.25, 3.0, 1.0, 0.5, 1.5, 0.0, 2.0, 0.75, 1.25, 0.125]

# Optimizer, learning rate, its numbers, shape, warm-up, label smoothing, decay of the average, ReLU on the scores, classes' weights.
CASES = [
    ("adamw", 1e-3, {"weight_decay": 0.05}, "constant", 0.0, 0.0, 0.0, True, None),
    ("adamw", 2e-3, {"weight_decay": 0.01}, "cosine", 0.2, 0.1, 0.9, True, None),
    ("sgd", 0.02, {"momentum": 0.9, "weight_decay": 5e-4}, "cosine", 0.3, 0.1, 0.999, False, None),
    ("sgd", 0.02, {"momentum": 0.8, "weight_decay": 0.01}, "linear", 0.0, 0.0, 0.5, False, None),
    ("sgd", 0.02, {"momentum": 0.0, "weight_decay": 0.0}, "constant", 0.5, 0.2, 0.0, True, None),
    ("sgd", 0.02, {"momentum": 0.9, "weight_decay": 0.0}, "constant", 0.0, 0.0, 0.0, False, WEIGHTS),
    ("muon", 0.02, {"momentum": 0.9, "weight_decay": 0.05}, "linear", 0.2, 0.0, 0.5, False, None),
]


def set_weights(model):
    """As make_fixtures.py."""
    for index, parameter in enumerate(model.parameters()):
        u = philox.uniform(SEED, philox.WEIGHTS, 0, index, parameter.numel())
        if parameter.dim() == 4:
            filters, inputs, height, width = parameter.shape
            limit = np.float32(np.sqrt(6 / (height * width * (inputs + filters))))
        else:
            limit = np.float32(0.1)
        with torch.no_grad():
            parameter.copy_(torch.from_numpy((limit * (np.float32(2) * u - np.float32(1))).reshape(parameter.shape)))


def standardized(index):
    picture = philox.picture(index, NETWORK[3]).astype(np.float64)
    return (picture - picture.mean()) / max(picture.std(), 1 / np.sqrt(picture.size))


def logits(model, x, rectifies):
    _, convolution, relu, average = model.classifier
    scores = convolution(model.features(x))
    return average(relu(scores) if rectifies else scores).flatten(1)


class Muon(torch.optim.Muon):
    """PyTorch's own, of convolutions as matrices with a row a filter, in the precision of the weights: it iterates in bfloat16. With it
    SGD for the classifier and the biases, whose decay takes as much of a weight as Muon's."""

    def __init__(self, weights, biases, rate, momentum, weight_decay):
        self.convolutions = weights[:-1]
        super().__init__([w.detach().view(len(w), -1) for w in weights[:-1]], lr=rate, momentum=momentum, weight_decay=weight_decay)
        last = {"params": weights[-1:], "weight_decay": weight_decay * (1 - momentum)}
        self.others = torch.optim.SGD([last, {"params": biases}], lr=rate, momentum=momentum, nesterov=True)

    def zero_grad(self):
        self.others.zero_grad()
        for convolution in self.convolutions:
            convolution.grad = None

    def step(self):
        for matrix, convolution in zip(self.param_groups[0]["params"], self.convolutions):
            matrix.grad = convolution.grad.view(matrix.shape)
        for group in self.others.param_groups:
            group["lr"] = self.param_groups[0]["lr"]
        bfloat16, torch.Tensor.bfloat16 = torch.Tensor.bfloat16, lambda self: self
        super().step()
        torch.Tensor.bfloat16 = bfloat16
        self.others.step()


def optimizer(model, name, rate, numbers):
    weights = [p for p in model.parameters() if p.dim() > 1]
    biases = [p for p in model.parameters() if p.dim() == 1]
    groups = [{"params": weights}, {"params": biases, "weight_decay": 0.0}]
    if name == "muon":
        return Muon(weights, biases, rate, **numbers)
    if name == "adamw":
        return torch.optim.AdamW(groups, lr=rate, betas=(0.9, 0.999), eps=1e-8, **numbers)
    return torch.optim.SGD(groups, lr=rate, nesterov=numbers["momentum"] > 0, **numbers)


def scheduler(optimizer, shape, warm_up):
    """PyTorch's own, one after the other."""
    rising = round(warm_up * STEPS)
    falling = {
        "constant": lambda: lr_scheduler.ConstantLR(optimizer, factor=1, total_iters=1),
        "cosine": lambda: lr_scheduler.CosineAnnealingLR(optimizer, T_max=STEPS - rising),
        "linear": lambda: lr_scheduler.LinearLR(optimizer, 1, 0, total_iters=STEPS - rising),
    }[shape]
    if rising == 0:
        return falling()
    rise = lr_scheduler.LinearLR(optimizer, start_factor=1 / rising, total_iters=max(1, rising - 1))
    return lr_scheduler.SequentialLR(optimizer, [rise, falling()], milestones=[rising])


def run(case, dtype, noise=None, seed=0):
    name, rate, numbers, shape, warm_up, smoothing, decay, rectifies, classes = case
    random = np.random.default_rng(seed)
    model = SqueezeNet(*NETWORK)
    set_weights(model)
    model = model.to(dtype)
    x = torch.from_numpy(np.stack([standardized(i) for i in range(PICTURES)]).astype("f4")).to(dtype)
    labels = torch.tensor([(3 * i + 1) % NETWORK[2] for i in range(PICTURES)])
    average = [p.detach().clone() for p in model.parameters()]
    rule = optimizer(model, name, rate, numbers)
    schedule = scheduler(rule, shape, warm_up)
    losses, rates, first = [], [], None
    for step in range(1, STEPS + 1):
        rule.zero_grad()
        kept = [p.detach().clone() for p in model.parameters()]
        if noise is not None:
            with torch.no_grad():
                for p in model.parameters():
                    p *= 1 + WINOGRAD_ERROR * torch.from_numpy(random.standard_normal(p.shape))
        if classes is None:
            loss = F.cross_entropy(logits(model, x, rectifies), labels, label_smoothing=smoothing)
        else:
            # The mean is over the pictures, not over their weights, which are 1 on average in a whole training set.
            weight = torch.tensor(classes, dtype=dtype)
            loss = F.cross_entropy(logits(model, x, rectifies), labels, weight=weight, reduction="sum") / PICTURES
        loss.backward()
        with torch.no_grad():
            for p, value in zip(model.parameters(), kept):
                p.copy_(value)
        losses.append(loss.item())
        rates.append(rule.param_groups[0]["lr"])
        first = first or [p.grad.double().numpy().copy() for p in model.parameters()]
        if noise is not None:
            for parameter, size in zip(model.parameters(), noise):
                g = parameter.grad
                noisy = torch.from_numpy(random.standard_normal(g.shape)) * size * g.norm() / np.sqrt(g.numel())
                g += (g != 0) * noisy
        rule.step()
        schedule.step()
        # tf.train.ExponentialMovingAverage with num_updates.
        share = 1 - min(decay, (1 + step) / (10 + step))
        for mean, parameter in zip(average, model.parameters()):
            mean.lerp_(parameter.detach(), share)
    weights = [p.detach().double().numpy() for p in model.parameters()]
    return losses, rates, first, weights, [a.double().numpy() for a in average]


def relative(error, truth):
    return float(np.linalg.norm(error) / max(np.linalg.norm(truth), 1e-30))


def sample(values):
    stride = -(-values.size // SAMPLES)
    return values.ravel()[::stride].astype("<f4")


def recipe_case(case):
    losses, rates, gradients, weights, average = run(case, torch.float64)
    _, _, gradients32, weights32, average32 = run(case, torch.float32)
    noise = [3 * relative(a - b, b) for a, b in zip(gradients32, gradients)]
    tries = [run(case, torch.float64, noise, seed) for seed in range(TRIES)]

    def allowed(truth, single, tries):
        return [
            max([STEPS * 2**-24, 3 * relative(s - t, t)] + [2 * relative(n - t, t) for n in noisy])
            for t, s, noisy in zip(truth, single, zip(*tries))]

    worst = max(abs(found / loss - 1) for t in tries for found, loss in zip(t[0], losses))
    name, rate, numbers, shape, warm_up, smoothing, decay, rectifies, classes = case
    return {
        "optimizer": name, "learningRate": rate, "momentum": numbers.get("momentum", 0),
        "weightDecay": numbers["weight_decay"], "shape": shape, "warmUp": warm_up, "labelSmoothing": smoothing,
        "averageDecay": decay, "rectifiesScores": rectifies, "classWeights": classes, "losses": losses,
        "lossAllowed": max(1e-6, 2 * worst), "rates": rates,
        "allowed": allowed(weights, weights32, [t[3] for t in tries]), "averageAllowed": allowed(average, average32, [t[4] for t in tries]),
    }, [sample(w) for w in weights] + [sample(a) for a in average]


def smoothed_case(classes, smoothing, label):
    values = np.random.default_rng(classes).normal(0, 4, classes).astype("f4")
    x = torch.from_numpy(values.astype("f8")).requires_grad_()
    loss = F.cross_entropy(x, torch.tensor(label), label_smoothing=smoothing)
    loss.backward()
    return {
        "logits": values.tolist(), "smoothing": smoothing, "label": label, "loss": loss.item(), "gradient": x.grad.tolist()}


def distilled_case(classes, temperature):
    """Hinton's: the divergence of both softened distributions, with the temperature's square."""
    random = np.random.default_rng(classes)
    values, teacher = (random.normal(0, 4, classes).astype("f4") for _ in range(2))
    x = torch.from_numpy(values.astype("f8")).requires_grad_()
    target = F.softmax(torch.from_numpy(teacher.astype("f8")) / temperature, 0)
    loss = F.kl_div(F.log_softmax(x / temperature, 0), target, reduction="sum") * temperature**2
    loss.backward()
    return {
        "logits": values.tolist(), "teacher": teacher.tolist(), "temperature": temperature, "loss": loss.item(),
        "gradient": x.grad.tolist()}


if __name__ == "__main__":
    torch.use_deterministic_algorithms(True)
    torch.set_num_threads(1)
    cases, blob = [], []
    for case in CASES:
        found, arrays = recipe_case(case)
        cases.append(found)
        blob += arrays
        print(found["optimizer"], found["shape"], found["losses"][-1], max(found["allowed"]), found["rates"])
    smoothed = [smoothed_case(*c) for c in [(10, 0.0, 3), (10, 0.1, 3), (2, 0.25, 0), (37, 0.05, 36)]]
    distilled = [distilled_case(*c) for c in [(10, 4.0), (10, 1.0), (2, 0.5), (37, 20.0)]]
    (HERE / "recipes.json").write_text(
        json.dumps({"samples": SAMPLES, "cases": cases, "smoothed": smoothed, "distilled": distilled}, separators=(",", ":")) + "\n")
    (HERE / "recipes.bin").write_bytes(b"".join(b.tobytes() for b in blob))
    print(sum(b.nbytes for b in blob), "bytes")
