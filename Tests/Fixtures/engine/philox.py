"""Philox4x32-10 (Salmon et al., SC 2011) in NumPy, keyed as the engine keys it: a second implementation, not a copy."""

import numpy as np

WEIGHTS, SHUFFLE, AUGMENTATION, DROPOUT, PICTURE = 1, 2, 3, 4, 15


def words(seed: int, purpose: int, epoch: int, index: int, blocks: int) -> np.ndarray:
    """The first 4 * blocks words of the stream (seed, purpose, epoch, index)."""
    low = np.uint64(0xFFFFFFFF)
    c0 = (np.arange(blocks, dtype=np.uint64) << np.uint64(4)) | np.uint64(purpose)
    c1 = np.full(blocks, epoch, np.uint64)
    c2 = np.full(blocks, index, np.uint64)
    c3 = np.zeros(blocks, np.uint64)
    k0, k1 = seed & 0xFFFFFFFF, seed >> 32
    for _ in range(10):
        p0, p1 = c0 * np.uint64(0xD2511F53), c2 * np.uint64(0xCD9E8D57)
        c0, c1, c2, c3 = (
            (p1 >> np.uint64(32)) ^ c1 ^ np.uint64(k0),
            p1 & low,
            (p0 >> np.uint64(32)) ^ c3 ^ np.uint64(k1),
            p0 & low,
        )
        k0, k1 = (k0 + 0x9E3779B9) & 0xFFFFFFFF, (k1 + 0xBB67AE85) & 0xFFFFFFFF
    return np.stack([c0, c1, c2, c3], axis=1).astype(np.uint32).ravel()


def uniform(seed: int, purpose: int, epoch: int, index: int, count: int) -> np.ndarray:
    """Numbers in [0, 1), multiples of 2**-24, float32."""
    drawn = words(seed, purpose, epoch, index, (count + 3) // 4)[:count]
    return (drawn >> 8).astype(np.float32) * np.float32(2**-24)


def bits(seed: int, purpose: int, epoch: int, index: int, count: int) -> np.ndarray:
    """Single bits, the lowest of each word first."""
    drawn = words(seed, purpose, epoch, index, (count + 127) // 128)
    return np.unpackbits(drawn.view(np.uint8), bitorder="little")[:count]


def picture(index: int, size: int) -> np.ndarray:
    """Random bytes in planes: [3, size, size]."""
    count = 3 * size * size
    return words(0, PICTURE, 0, index, (count + 15) // 16).view(np.uint8)[:count].reshape(3, size, size)
