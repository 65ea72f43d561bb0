"""A Slurm of two nodes, both of them this machine: munged, slurmdbd, slurmctld and a slurmd for each, in a folder of its own."""

import os
import shutil
import socket
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import List

from ports import free_ports
from prerequisites import unavailable
from slurm_accounts import ACCOUNT as ACCOUNT
from slurm_accounts import OPERATOR as OPERATOR
from slurm_accounts import Accounts
from slurm_network import Network
from slurm_programs import Programs

NODES = ("n1", "n2")
PROGRAMS = (
    *("munged", "mariadbd", "mariadb-install-db", "slurmdbd", "slurmctld", "slurmd"),
    *("srun", "sbatch", "squeue", "scancel", "scontrol", "sacct", "sacctmgr"),
)


class Slurm(Programs):
    """A job in the partition `urgent` takes the nodes of one in `all`, the default, which may wait in the line again (--requeue)."""

    def __enter__(self) -> "Slurm":
        with ExitStack() as undo:
            undo.callback(shutil.rmtree, self.folder)
            self.network = Network(NODES)
            undo.callback(self.network.remove)
            munge = [
                "munged",
                "--force",
                *(f"--{word}={self.folder}/munge.{word}" for word in ("key-file", "pid-file", "log-file", "seed-file", "socket")),
            ]
            key = self.folder / "munge.key-file"
            key.write_bytes(os.urandom(128))
            key.chmod(0o400)
            # It returns when it can be asked.
            subprocess.run(munge, check=True, stderr=subprocess.DEVNULL)
            undo.callback(subprocess.run, [*munge, "--stop"], check=True, stdout=subprocess.DEVNULL)
            port, *ports = free_ports(2 + len(NODES))
            accounts = Accounts(self, self.network.address, port)
            undo.callback(accounts.remove)
            self.configure(accounts, *ports)
            undo.callback(self.stop)
            accounts.start()
            self.start("slurmctld", "Running as primary controller", "slurmctld", "-D", "-c")
            for node in NODES:
                self.start_node(node)
            self.undo = undo.pop_all()
        return self

    def __exit__(self, *_: object) -> None:
        self.undo.close()

    def configure(self, accounts: Accounts, controller: int, *ports: int) -> None:
        host = socket.gethostname().partition(".")[0]
        settings = {
            "ClusterName": "test",
            "SlurmctldHost": f"{host}({self.network.address})",
            "SlurmctldPort": controller,
            "SlurmUser": "root",
            "AuthType": "auth/munge",
            # A job that is requeued waits for a second more than a credential is good: 120 s, also for a value below 5.
            "AuthInfo": f"socket={self.folder}/munge.socket,cred_expire=5",
            "StateSaveLocation": self.folder / "state",
            "SlurmctldPidFile": self.folder / "slurmctld.pid",
            "SlurmdPidFile": self.folder / "%n.pid",
            "SlurmdSpoolDir": self.folder / "spool-%n",
            # Where PMIx keeps what must not be another node's.
            "TmpFS": self.folder / "tmp-%n",
            "ProctrackType": "proctrack/linuxproc",
            "TaskPlugin": "task/none",
            # A step that has more memory than it asked for is killed within two seconds.
            "JobAcctGatherType": "jobacct_gather/linux",
            "JobAcctGatherFrequency": "task=1",
            "JobAcctGatherParams": "OverMemoryKill",
            "SelectType": "select/cons_tres",
            "SelectTypeParameters": "CR_Core_Memory",
            "SlurmdParameters": "config_overrides",
            "SchedulerParameters": "sched_interval=1,bf_interval=1,batch_sched_delay=0",
            "PreemptType": "preempt/partition_prio",
            "PreemptMode": "REQUEUE",
            "ReturnToService": 2,
            "KillWait": 5,
            "SlurmdTimeout": 5,
            # A node that is cut off is down after 15 s, not 27.
            "MessageTimeout": 5,
            **accounts.settings,
        }
        lines = [f"{key}={value}" for key, value in settings.items()]
        for node, address, port in zip(NODES, self.network.addresses(len(NODES)), ports):
            # What slurmctld has to tell an srun goes to the node whose host has the name of srun's.
            name = host if self.network.missing else node
            lines.append(f"NodeName={node} NodeHostname={name} NodeAddr={address} Port={port} CPUs=2 RealMemory=4000")
            (self.folder / f"tmp-{node}").mkdir()
        nodes = f"Nodes={','.join(NODES)} DefMemPerCPU=2000 MaxTime=INFINITE State=UP"
        lines.append(f"PartitionName=all {nodes} Default=YES PriorityTier=1 PreemptMode=REQUEUE")
        lines.append(f"PartitionName=urgent {nodes} PriorityTier=2 PreemptMode=OFF")
        (self.folder / "slurm.conf").write_text("\n".join([*lines, ""]))

    def start_node(self, node: str) -> None:
        self.start(node, "slurmd started", *self.network.inside(node), "slurmd", "-D", "-N", node)

    def cut(self, node: str) -> None:
        """Pulls its cable. It goes on, as do its tasks."""
        self.plug(node, "down")

    def join(self, node: str) -> None:
        self.plug(node, "up")

    def plug(self, node: str, state: str) -> None:
        self.need_network()
        self.network.plug(node, state)

    def need_network(self) -> None:
        """For a test that cuts a node off."""
        if self.network.missing:
            unavailable(self.network.missing)

    def kill_node(self, node: str) -> None:
        """As if its power had gone: its slurmd, and what that had started."""
        process = self.running.pop(node)
        process.kill()
        process.wait()
        tasks = self.tasks(node)
        parents = [int(Path(f"/proc/{pid}/stat").read_text().rpartition(")")[2].split()[1]) for pid in tasks]
        self.kill(*parents, *tasks)

    def tasks(self, node: str) -> List[int]:
        """The processes of jobs on a node."""
        return self.offspring(f"SLURMD_NODENAME={node}")
