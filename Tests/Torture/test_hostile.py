"""Clients that mean ill, beside one that does not."""

import multiprocessing
import os
import threading
import time
from pathlib import Path
from typing import Iterator, List, Tuple

import hostile
import pytest
from prerequisites import unavailable
from victim import Victim

import sqzd

# How long the polite client calls each time.
SECONDS = 2.0
# It is another user than the attackers.
POLITE = 65534

# Private memory while an attack goes on. A connection that says nothing costs its buffers, some 16 KiB. One that does not
# read has what one read brought, 64 KiB of calls, in a buffer that may have doubled; the 1,600 calls in it, at 48 bytes in
# their queue, which doubles too; and replies of at most the channel's 64 KiB: 384 KiB. One that sends a large message has
# 16 MiB of it in a buffer that grows by doubling (up to 32 MiB, and 16 MiB beside it as it is moved); the message is then
# parsed, one large message at a time: at most as many bytes of text again, and 20,000 values of 200 bytes. What the
# allocator keeps from the attack before is as much again.
BASE = 32 << 20
IDLE = BASE + 1000 * (16 << 10)
PIPELINING = IDLE + 200 * (384 << 10)
LARGE = 2 * (BASE + 8 * (48 << 20) + (32 << 20))
BOUND = {
    "1,000 idle": IDLE,
    "1,000 half-closed": IDLE,
    "byte at a time": IDLE,
    "never reading": PIPELINING,
    "flooding": PIPELINING,
    "16 MiB text": LARGE,
    "16 MiB numbers": LARGE,
    "16 MiB keys": LARGE,
    "16 MiB, no end": 2 * (BASE + 8 * (48 << 20)),
}


@pytest.fixture(scope="module")
def victim(binaries: Path) -> Iterator[Victim]:
    if os.geteuid() != 0:
        unavailable("only root can be two users")
    with Victim(binaries) as victim:
        victim.folder.chmod(0o711)
        os.chmod(victim.socket, 0o666)
        yield victim


@pytest.fixture(scope="module")
def bystander(binaries: Path) -> Iterator[Victim]:
    """Another daemon: what the same attack on it costs the polite client is what two processors cost who share them."""
    with Victim(binaries) as bystander:
        yield bystander


class Peak:
    """The most private memory that the daemon had, looked at every few milliseconds."""

    def __init__(self, victim: Victim) -> None:
        self.victim, self.bytes = victim, 0
        self.ending = threading.Event()
        self.thread = threading.Thread(target=self.look)

    def look(self) -> None:
        while not self.ending.wait(0.005):
            self.bytes = max(self.bytes, self.victim.memory())

    def __enter__(self) -> "Peak":
        self.thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self.ending.set()
        self.thread.join()


def called(path: str) -> List[float]:
    """How long each of a client's calls took, in seconds."""
    os.seteuid(POLITE)
    times: List[float] = []
    end = time.monotonic() + SECONDS
    with sqzd.Client(path) as client:
        while time.monotonic() < end:
            began = time.monotonic()
            client.info()
            times.append(time.monotonic() - began)
    return times


def polite(victim: Victim) -> Tuple[int, float]:
    """How many calls were answered, and the 99th percentile of their times in milliseconds. They are made by a process of
    their own: Python's threads wait for each other, and the attackers are threads of this one."""
    with multiprocessing.get_context("spawn").Pool(1) as pool:
        times = sorted(pool.apply(called, [victim.socket]))
    return len(times), 1000 * times[len(times) * 99 // 100]


@pytest.fixture(scope="module")
def undisturbed(victim: Victim) -> float:
    return polite(victim)[1]


@pytest.mark.parametrize("name", hostile.ATTACKS)
def test_others_are_served(
    victim: Victim, bystander: Victim, undisturbed: float, name: str, capsys: pytest.CaptureFixture[str]
) -> None:
    # To look at the memory costs time, too.
    with Peak(victim), hostile.ATTACKS[name](bystander.socket):
        _, elsewhere = polite(victim)
    memory = victim.memory()
    with Peak(victim) as peak:
        with hostile.ATTACKS[name](victim.socket):
            answered, beside = polite(victim)
        # The daemon has noticed that the attackers are gone when it answers whom came after them.
        polite(victim)
    with capsys.disabled():
        print(
            f"\n{name}: Info {answered} times, p99 {undisturbed:.2f} ms alone, {elsewhere:.2f} ms beside an attack on another "
            f"daemon, {beside:.2f} ms beside one on this; private memory "
            f"{memory / 2**20:.0f} MiB before, {peak.bytes / 2**20:.0f} at most, {victim.memory() / 2**20:.0f} after",
            end=" ",
        )
    assert peak.bytes < BOUND[name]


def test_messages_of_too_many_values_close_their_connection_only(victim: Victim) -> None:
    for value in (b"0", b"[]", b"{}", b'""'):
        with hostile.connected(victim.socket) as connection:
            call = b'{"method":"io.sqzd.Manager.Info","parameters":{"a":[' + b",".join([value] * 20_001) + b"]}}\0"
            connection.sendall(call)
            assert connection.recv(1) == b""
    assert polite(victim)[0]
