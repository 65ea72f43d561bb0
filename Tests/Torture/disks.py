"""File systems that can be filled, and broken, under a daemon. All of it needs root."""

import fcntl
import os
import shutil
import struct
import subprocess
from contextlib import contextmanager
from pathlib import Path
from typing import Iterator, Optional

from victim import Victim

# linux/fs.h and fs/ext4: FS_IOC_SHUTDOWN, and its flag that keeps the journal from being flushed.
FS_IOC_SHUTDOWN = 0x8004587D
NO_LOG_FLUSH = 2


def unavailable(*programs: str) -> Optional[str]:
    """Why this machine can't mount them."""
    if os.geteuid() != 0:
        return "mounting needs root"
    missing = [program for program in ("mount", "losetup", *programs) if shutil.which(program) is None]
    if missing:
        return f"{', '.join(missing)} missing: apt-get install xfsprogs e2fsprogs"
    if not os.path.exists("/dev/loop-control"):
        return "there are no loop devices"
    return None


def run(*words: object) -> str:
    done = subprocess.run([str(word) for word in words], capture_output=True, text=True)
    assert done.returncode == 0, f"{words}: {done.stdout}{done.stderr}"
    return done.stdout.strip()


def new_image(path: Path, size: int, *make: str) -> Path:
    with open(path, "wb") as file:
        file.truncate(size)
    run(*make, path)
    return path


@contextmanager
def mounted(image: Path, place: Path) -> Iterator[None]:
    place.mkdir(exist_ok=True)
    device = run("losetup", "--direct-io=on", "--find", "--show", image)
    try:
        run("mount", device, place)
        try:
            yield
        finally:
            run("umount", place)
    finally:
        run("losetup", "--detach", device)


@contextmanager
def disk_of(victim: Victim, image: Path) -> Iterator[None]:
    """The victim's state directory lies in an image, beside ext4's lost+found. Kills what still runs before it is
    unmounted."""
    disk = victim.folder / "disk"
    with mounted(image, disk):
        (disk / "state").mkdir(exist_ok=True)
        if not victim.state.is_symlink():
            victim.state.symlink_to(disk / "state")
        try:
            yield
        finally:
            victim.kill_all()


@contextmanager
def small_tmpfs(place: Path, size: int) -> Iterator[None]:
    place.mkdir(exist_ok=True)
    run("mount", "-t", "tmpfs", "-o", f"size={size},mode=0700", "tmpfs", place)
    try:
        yield
    finally:
        run("umount", place)


@contextmanager
def full(folder: Path, leaving: int = 0) -> Iterator[None]:
    """Fills the file system to the last byte, or but for some."""
    filler = folder / "filler"
    with open(filler, "wb", buffering=0) as file:
        try:
            while file.write(bytes(1 << 16)):
                pass
        except OSError:
            pass
        try:
            while file.write(bytes(512)):
                pass
        except OSError:
            pass
        if leaving:
            file.truncate(file.tell() - leaving)
    try:
        yield
    finally:
        filler.unlink()


def make_read_only(place: Path) -> None:
    """As ext4 does when it finds itself damaged, while files are open for writing."""
    run("mount", "-o", "remount,abort", place)


def cut_off(place: Path) -> None:
    """As when the disk has gone: every access of the file system is an I/O error."""
    descriptor = os.open(place, os.O_RDONLY)
    try:
        fcntl.ioctl(descriptor, FS_IOC_SHUTDOWN, struct.pack("I", NO_LOG_FLUSH))
    finally:
        os.close(descriptor)
