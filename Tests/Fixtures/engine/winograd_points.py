#!/usr/bin/env python3
"""Measures the rounding error of Winograd's F(4x4,3x3) for several sets of points, as winograd.h uses them: forward, weight gradient
and data gradient in single precision against double precision, relative, for 32 channels. Prints the best pairs (A, B) of points
0, A, -A, B, -B, infinity, and the usual (1, 2).

usage: winograd_points.py        (needs numpy)
"""

import numpy as np


def transforms(a: float, b: float) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Toom-Cook's A^T, G and B^T for the points 0, a, -a, b, -b, infinity."""
    points = [0, a, -a, b, -b]
    at, g, bt = np.zeros((4, 6)), np.zeros((6, 3)), np.zeros((6, 6))
    for j, p in enumerate(points):
        others = [q for q in points if q != p]
        at[:, j] = [p**i for i in range(4)]
        g[j] = np.array([p**i for i in range(3)]) / np.prod([p - q for q in others])
        bt[j, :5] = np.poly(others)[::-1]
    at[3, 5] = g[5, 2] = 1
    bt[5] = np.poly(points)[::-1]
    return at, g, bt


def errors(at, g, bt, seed: int, channels=32, tiles=200, filters=8) -> np.ndarray:
    random, single = np.random.default_rng(seed), np.float32
    d = np.maximum(random.standard_normal((tiles, channels, 6, 6)), 0).astype(single)
    w = (random.standard_normal((channels, filters, 3, 3)) * 0.1).astype(single)
    dy = (random.standard_normal((tiles, filters, 4, 4)) * (random.random((tiles, filters, 4, 4)) < 0.5)).astype(single)

    def run(kind):
        a, gg, b = (m.astype(kind) for m in (at, g, bt))
        x, f, e = d.astype(kind), w.astype(kind), dy.astype(kind)
        both = lambda m, t: m @ t @ m.T
        v, u, m = both(b, x), both(gg, f), both(a.T, e)
        return (
            both(a, np.einsum("tcij,cfij->tfij", v, u)), both(gg.T, np.einsum("tcij,tfij->cfij", v, m)),
            both(b.T, np.einsum("tfij,cfij->tcij", m, u)))

    return np.array([np.linalg.norm(s - t) / np.linalg.norm(t) for s, t in zip(run(single), run(np.float64))])


if __name__ == "__main__":
    pairs = [(1, 2)] + [
        (a, b) for a in (1 / 2, 5 / 8, 2 / 3, 0.7, 3 / 4, 7 / 8) for b in (1, 5 / 4, 1.4, 3 / 2, 8 / 5, 7 / 4, 2)]
    found = [(np.mean([errors(*transforms(a, b), seed) for seed in range(3)], axis=0), a, b) for a, b in pairs]
    print("usual points 1, 2: forward %.2e, weights %.2e, data %.2e" % tuple(found[0][0]))
    for error, a, b in sorted(found[1:], key=lambda f: max(f[0]))[:8]:
        print("A %.3f B %.3f: forward %.2e, weights %.2e, data %.2e" % (a, b, *error))
