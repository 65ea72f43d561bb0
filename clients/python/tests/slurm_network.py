"""A bridge of this machine, and behind it a network namespace for each node: a cable that can be pulled."""

import subprocess
from typing import Optional, Sequence


def ip(*words: object) -> None:
    subprocess.run(["ip", *map(str, words)], check=True, capture_output=True, text=True)


class Network:
    def __init__(self, nodes: Sequence[str]) -> None:
        """`missing` says why there is none; all are 127.0.0.1 then."""
        self.nodes: Sequence[str] = []
        self.bridge = ""
        self.address = "127.0.0.1"
        self.missing: Optional[str] = None
        try:
            self.claim()
            for number, node in enumerate(nodes, start=1):
                self.add(node, self.address_of(number))
        except (FileNotFoundError, subprocess.CalledProcessError) as error:
            said = getattr(error, "stderr", None) or str(error)
            self.missing = f"nodes with a network of their own need iproute2, CAP_NET_ADMIN and CAP_SYS_ADMIN: {said.strip()}"
            self.remove()
        except BaseException:
            self.remove()
            raise

    def claim(self) -> None:
        """A bridge of this name is there once: whose it is has its addresses too."""
        for self.subnet in range(256):
            bridge = f"sqzd{self.subnet}"
            try:
                ip("link", "add", bridge, "type", "bridge")
            except subprocess.CalledProcessError as error:
                if "File exists" not in error.stderr or self.subnet == 255:
                    raise
                continue
            self.bridge = bridge
            break
        self.address = f"10.213.{self.subnet}.254"
        ip("address", "add", f"{self.address}/24", "dev", self.bridge)
        ip("link", "set", self.bridge, "up")

    def address_of(self, number: int) -> str:
        return f"10.213.{self.subnet}.{number}"

    def add(self, node: str, address: str) -> None:
        name = self.name(node)
        self.nodes = [*self.nodes, node]
        ip("netns", "add", name)
        ip("link", "add", name, "type", "veth", "peer", "name", "eth0", "netns", name)
        ip("link", "set", name, "master", self.bridge, "up")
        ip("-netns", name, "address", "add", f"{address}/24", "dev", "eth0")
        for link in ("lo", "eth0"):
            ip("-netns", name, "link", "set", link, "up")

    def name(self, node: str) -> str:
        """Of its namespace, and of the bridge's end of its cable."""
        return f"{self.bridge}-{node}"

    def addresses(self, count: int) -> Sequence[str]:
        return [self.address] * count if self.missing else [self.address_of(number) for number in range(1, count + 1)]

    def inside(self, node: str) -> Sequence[str]:
        """What precedes a command that shall run on a node. Unlike `ip netns exec` it leaves /sys alone."""
        return [] if self.missing else ["nsenter", f"--net=/run/netns/{self.name(node)}"]

    def plug(self, node: str, state: str) -> None:
        ip("link", "set", self.name(node), state)

    def remove(self) -> None:
        if self.bridge:
            for node in self.nodes:
                for kind in ("link", "netns"):
                    # Not there when the start has failed halfway.
                    subprocess.run(["ip", kind, "delete", self.name(node)], stderr=subprocess.DEVNULL)
            ip("link", "delete", self.bridge)
        self.nodes, self.bridge, self.address = [], "", "127.0.0.1"
