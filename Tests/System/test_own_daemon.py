"""A daemon of one's own: systemd's user units, and the system's daemon as a user that systemd makes up."""

import json
from typing import Iterator

import pytest
from container import Container

DROP_IN = "/etc/systemd/system/sqzd.service.d/dynamic.conf"


class Own:
    """alice's own systemd."""

    def __init__(self, container: Container) -> None:
        self.container = container
        self.uid = int(container.run("id", "-u", "alice"))
        self.runtime = f"/run/user/{self.uid}"

    def run(self, *words: str) -> str:
        environment = [f"XDG_RUNTIME_DIR={self.runtime}", f"SQZD_SOCKET={self.runtime}/sqzd/io.sqzd", "HOME=/home/alice"]
        return self.container.run("env", *environment, *words, user="alice")


@pytest.fixture
def own(container: Container) -> Iterator[Own]:
    container.run("install", "--directory", "--owner=alice", "--group=alice", "/home/alice")
    own = Own(container)
    container.run("systemctl", "start", f"user@{own.uid}.service")
    yield own
    container.run("systemctl", "stop", f"user@{own.uid}.service")


def test_a_user_has_one_of_their_own(own: Own) -> None:
    own.run("systemctl", "--user", "enable", "--now", "--quiet", "sqzd.socket", "sqzd.service")
    assert own.container.run("stat", "--format=%a %U", f"{own.runtime}/sqzd/io.sqzd").strip() == "600 alice"
    info = json.loads(own.run("sqzctl", "--json", "info"))
    assert info["stateDirectory"] == "/home/alice/.local/state/sqzd"
    assert own.container.run("stat", "--format=%a %U", info["stateDirectory"]).strip() == "700 alice"
    # The runner can confine itself there.
    own.run("python3", "-c", "import os; os.makedirs('/home/alice/.config/sqzd', exist_ok=True)")
    own.run("sqzctl", "dataset", "import", "/opt/guest/pictures", "--name", "own")
    trained = own.run("sqzctl", "train", "--data", "own", "--epochs", "1", "--batch-size", "4", "--follow")
    assert "job 1  succeeded: model own@1" in trained
    # A change of the configuration is read, from where the user has it.
    own.run("sh", "-c", 'echo \'{"runningJobs": 1, "defaultModel": "own"}\' > ~/.config/sqzd/sqzd.json')
    own.run("systemctl", "--user", "reload", "sqzd.service")
    own.run("systemctl", "--user", "restart", "sqzd.service")
    assert "own" in own.run("sqzctl", "models")
    # Nothing of it is seen by the system's.
    assert "own" not in own.container.run("sqzctl", "models", user="bob")
    own.run("systemctl", "--user", "disable", "--now", "--quiet", "sqzd.socket", "sqzd.service")
    own.container.run("test", "!", "-e", f"{own.runtime}/sqzd/io.sqzd")


@pytest.fixture
def dynamic(container: Container) -> Iterator[Container]:
    container.run("systemctl", "stop", "sqzd.service")
    container.write(DROP_IN, "[Service]\nDynamicUser=yes\nUser=sqzd-dynamic\n")
    container.run("systemctl", "daemon-reload")
    yield container
    container.run("systemctl", "stop", "sqzd.service")
    container.run("rm", DROP_IN)
    container.run("systemctl", "daemon-reload")
    container.run("systemctl", "start", "sqzd.service")
    container.run("sqzctl", "jobs", user="alice")


def test_systemd_can_make_up_its_user(dynamic: Container) -> None:
    dynamic.run("systemctl", "start", "sqzd.service")
    assert dynamic.run("stat", "--format=%U", "/var/lib/sqzd/").strip() == "sqzd-dynamic"
    # Who may use it is the socket's group, as before.
    dynamic.run("sqzctl", "dataset", "import", "/opt/guest/pictures", "--name", "dynamic", user="alice")
    trained = dynamic.run(
        "sqzctl", "train", "--data", "dynamic", "--epochs", "1", "--batch-size", "4", "--follow", user="alice"
    )
    assert "succeeded: model dynamic@1" in trained
    assert "sqzd" in dynamic.run("sqzctl", "jobs", user="mallory", status=77)
