"""What sacct asks: a slurmdbd, and a MariaDB of its own that only it can reach."""

import os
import shutil
import subprocess
import tempfile
from typing import Dict

from slurm_programs import Programs

ACCOUNT = "vision"
# An operator of Slurm's, who may end what others have submitted.
OPERATOR = 65534


class Accounts:
    def __init__(self, programs: Programs, address: str, port: int) -> None:
        self.programs = programs
        folder = programs.folder
        # Its 800 fdatasync are 4 s of a disk's time, and what it holds is 30 MB for as long as the tests run.
        memory = "/dev/shm" if os.access("/dev/shm", os.W_OK) else folder
        self.data = tempfile.mkdtemp(prefix="sqzd-slurm-", dir=memory)
        self.socket = str(folder / "mariadb.socket")
        self.settings: Dict[str, object] = {
            "AccountingStorageType": "accounting_storage/slurmdbd",
            "AccountingStorageHost": address,
            "AccountingStoragePort": port,
            # Where munged is, as in AuthInfo.
            "AccountingStoragePass": f"{folder}/munge.socket",
        }
        settings = {
            "AuthType": "auth/munge",
            "AuthInfo": f"socket={folder}/munge.socket",
            "DbdAddr": address,
            "DbdHost": "localhost",
            "DbdPort": port,
            "SlurmUser": "root",
            "PidFile": folder / "slurmdbd.pid",
            "StorageType": "accounting_storage/mysql",
            "StorageHost": "localhost",
            "StorageUser": "root",
        }
        file = folder / "slurmdbd.conf"
        file.write_text("".join(f"{key}={value}\n" for key, value in settings.items()))
        # slurmdbd insists.
        file.chmod(0o600)

    def start(self) -> None:
        options = [
            "--no-defaults",
            "--user=root",
            f"--datadir={self.data}",
            "--innodb-buffer-pool-size=8M",
            "--innodb-log-file-size=4M",
            "--skip-innodb-doublewrite",
        ]
        subprocess.run(["mariadb-install-db", *options, "--skip-test-db"], check=True, stdout=subprocess.DEVNULL)
        self.programs.start(
            "mariadbd", "ready for connections", "mariadbd", *options, "--skip-networking", f"--socket={self.socket}"
        )
        # libmariadb's variable: slurmdbd has no setting for it.
        self.programs.start("slurmdbd", "started", "env", f"MARIADB_UNIX_PORT={self.socket}", "slurmdbd", "-D")
        self.manage("cluster", "test")
        self.manage("account", ACCOUNT, "cluster=test")
        self.manage("user", "root", f"account={ACCOUNT}")
        self.manage("user", "nobody", f"account={ACCOUNT}", "adminlevel=operator")

    def manage(self, *what: str) -> None:
        self.programs.run("sacctmgr", "--immediate", "--quiet", "add", *what)

    def remove(self) -> None:
        shutil.rmtree(self.data, ignore_errors=True)
