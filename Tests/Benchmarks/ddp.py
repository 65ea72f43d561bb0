#!/usr/bin/env python3
"""A training step of squeezenet-cifar by PyTorch's DistributedDataParallel (gloo): two processes of one thread each, on one random
batch, without a data loader. Prints pictures a second.

usage: ddp.py BATCH_SIZE SECONDS
"""

import os
import pathlib
import sys
import time

import torch
import torch.distributed as distributed
import torch.multiprocessing as processes
from torch.nn import functional as F
from torch.nn.parallel import DistributedDataParallel

sys.path.insert(0, str(pathlib.Path(__file__).parents[1] / "Fixtures/engine"))
from networks import SqueezeNet  # noqa: E402

RANKS = 2


def work(rank: int, address: str, batch: int, seconds: float) -> None:
    torch.set_num_threads(1)
    distributed.init_process_group("gloo", init_method=address, rank=rank, world_size=RANKS)
    torch.manual_seed(1)
    model = DistributedDataParallel(SqueezeNet("squeezenet-cifar", "none", 10, 32).to(memory_format=torch.channels_last))
    optimizer = torch.optim.Adam(model.parameters(), 1e-3, fused=True)
    x = torch.randn(batch // RANKS, 3, 32, 32).to(memory_format=torch.channels_last)
    labels = torch.arange(batch // RANKS) % 10

    def step() -> None:
        optimizer.zero_grad()
        F.cross_entropy(model(x), labels).backward()
        optimizer.step()

    for _ in range(5):
        step()
    # All ranks make as many steps.
    start, steps = time.perf_counter(), 0
    goes_on = torch.ones(1)
    while goes_on.item():
        for _ in range(10):
            step()
        steps += 10
        goes_on[0] = time.perf_counter() - start < seconds
        distributed.broadcast(goes_on, 0)
    if rank == 0:
        print(f"{steps * batch / (time.perf_counter() - start):.0f}")
    distributed.destroy_process_group()


if __name__ == "__main__":
    os.environ["OMP_NUM_THREADS"] = "1"
    rendezvous = pathlib.Path(f"/tmp/sqzd-ddp-{os.getpid()}")
    processes.spawn(work, (f"file://{rendezvous}", int(sys.argv[1]), float(sys.argv[2])), nprocs=RANKS)
    rendezvous.unlink(missing_ok=True)
