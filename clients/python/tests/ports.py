"""Ports of this machine that nobody listens at."""

import socket
from typing import List


def free_ports(count: int) -> List[int]:
    """All different."""
    probes = [socket.socket() for _ in range(count)]
    try:
        for probe in probes:
            probe.bind(("127.0.0.1", 0))
        return [probe.getsockname()[1] for probe in probes]
    finally:
        for probe in probes:
            probe.close()
