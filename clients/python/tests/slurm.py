"""A Slurm of two nodes, both of them this machine: munged, slurmctld and a slurmd for each, of Debian, in a folder of their own."""

import os
import shutil
import signal
import socket
import subprocess
import tempfile
import threading
from pathlib import Path
from typing import Dict, List

from ports import free_ports

NODES = ("n1", "n2")


class Slurm:
    def __init__(self) -> None:
        self.folder = Path(tempfile.mkdtemp(prefix="sqzd-slurm-"))
        self.environment = {**os.environ, "SLURM_CONF": str(self.folder / "slurm.conf")}
        self.running: Dict[str, "subprocess.Popen[str]"] = {}
        self.munge = [
            "munged",
            "--force",
            *(f"--{word}={self.folder}/munge.{word}" for word in ("key-file", "pid-file", "log-file", "seed-file", "socket")),
        ]
        key = self.folder / "munge.key-file"
        key.write_bytes(os.urandom(128))
        key.chmod(0o400)
        controller, *ports = free_ports(3)
        host = socket.gethostname().partition(".")[0]
        settings = {
            "ClusterName": "test",
            "SlurmctldHost": f"{host}(127.0.0.1)",
            "SlurmctldPort": controller,
            "SlurmUser": "root",
            "AuthType": "auth/munge",
            "AuthInfo": f"socket={self.folder}/munge.socket",
            "StateSaveLocation": self.folder / "state",
            "SlurmctldPidFile": self.folder / "slurmctld.pid",
            "SlurmdPidFile": self.folder / "%n.pid",
            "SlurmdSpoolDir": self.folder / "spool-%n",
            # Where PMIx keeps what must not be another node's.
            "TmpFS": self.folder / "tmp-%n",
            "ProctrackType": "proctrack/linuxproc",
            "TaskPlugin": "task/none",
            "JobAcctGatherType": "jobacct_gather/none",
            "SelectType": "select/cons_tres",
            "SelectTypeParameters": "CR_Core",
            "SlurmdParameters": "config_overrides",
            "ReturnToService": 2,
            "KillWait": 5,
            "SlurmdTimeout": 5,
        }
        lines = [f"{key}={value}" for key, value in settings.items()]
        for node, port in zip(NODES, ports):
            lines.append(f"NodeName={node} NodeHostname={host} NodeAddr=127.0.0.1 Port={port} CPUs=2 RealMemory=500")
            (self.folder / f"tmp-{node}").mkdir()
        lines.append(f"PartitionName=all Nodes={','.join(NODES)} Default=YES MaxTime=INFINITE State=UP")
        (self.folder / "slurm.conf").write_text("\n".join([*lines, ""]))

    def __enter__(self) -> "Slurm":
        # It returns when it can be asked.
        subprocess.run(self.munge, check=True, stderr=subprocess.DEVNULL)
        try:
            self.start("slurmctld", "Running as primary controller", "slurmctld", "-D", "-c")
            for node in NODES:
                self.start_node(node)
        except BaseException:
            self.__exit__()
            raise
        return self

    def start_node(self, node: str) -> None:
        self.start(node, "slurmd started", "slurmd", "-D", "-N", node)

    def start(self, name: str, ready: str, *command: str) -> None:
        """Returns when the program has said so."""
        process = subprocess.Popen(
            command, env=self.environment, stdin=subprocess.DEVNULL, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE, text=True
        )
        self.running[name] = process
        assert process.stderr is not None
        said = []
        for line in process.stderr:
            said.append(line)
            if ready in line:
                break
        else:
            raise AssertionError(f"{name} ended: {''.join(said)}")
        # So that it can go on talking.
        threading.Thread(target=process.stderr.read, daemon=True).start()

    def run(self, *command: str) -> str:
        return subprocess.run(command, env=self.environment, check=True, capture_output=True, text=True, timeout=60).stdout

    def kill_node(self, node: str) -> None:
        """As if its power had gone: its slurmd, and what that had started."""
        process = self.running.pop(node)
        process.kill()
        process.wait()
        tasks = self.tasks(node)
        parents = {int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) for pid in tasks}
        for pid in [*parents, *tasks]:
            os.kill(pid, signal.SIGKILL)

    def tasks(self, node: str) -> List[int]:
        """The processes of jobs on a node."""
        found = []
        for folder in Path("/proc").glob("[0-9]*"):
            try:
                variables = (folder / "environ").read_bytes().split(b"\0")
            except OSError:
                continue
            if f"SLURMD_NODENAME={node}".encode() in variables and f"SLURM_CONF={self.folder}/slurm.conf".encode() in variables:
                found.append(int(folder.name))
        return found

    def __exit__(self, *_: object) -> None:
        for process in self.running.values():
            process.terminate()
        for process in self.running.values():
            process.wait(30)
        subprocess.run([*self.munge, "--stop"], check=True, stdout=subprocess.DEVNULL)
        shutil.rmtree(self.folder)
