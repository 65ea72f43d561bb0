"""The Debian package, installed in booted containers of Debian 12 and 13 as its users would."""

import re
import shutil
import subprocess
from pathlib import Path
from typing import Iterator, Set, Union

import pytest
from container import CHECKOUT, Container
from prerequisites import need_fashion, need_programs

RUNNERS = "/usr/libexec/sqzd/runners"


def package(folder: Path) -> Path:
    command = ["make", "--quiet", "package", f"PACKAGES={folder}"]
    subprocess.run(command, cwd=CHECKOUT, check=True, stdout=subprocess.DEVNULL)
    (made,) = folder.glob("sqzd_*.deb")
    return made


def told(*words: Union[str, Path]) -> str:
    return subprocess.run(words, check=True, capture_output=True, text=True).stdout


@pytest.fixture(scope="module")
def packages(built: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A folder with the package, and with the same one of a version before it."""
    need_programs("dh", "lintian", "dpkg-deb")
    folder = tmp_path_factory.mktemp("packages")
    package(folder / "made").rename(folder / "new.deb")
    (mpi,) = (folder / "made").glob("sqzd-mpi_*.deb")
    mpi.rename(folder / "mpi.deb")
    unpacked = folder / "unpacked"
    subprocess.run(["dpkg-deb", "--raw-extract", folder / "new.deb", unpacked], check=True)
    control = unpacked / "DEBIAN" / "control"
    control.write_text(control.read_text().replace("Version: ", "Version: 0.0~"))
    subprocess.run(["dpkg-deb", "--root-owner-group", "-Znone", "--build", unpacked, folder / "old.deb"], check=True)
    shutil.rmtree(unpacked)
    return folder


def test_the_same_sources_give_the_same_package(packages: Path, tmp_path: Path) -> None:
    assert package(tmp_path).read_bytes() == (packages / "new.deb").read_bytes()


def test_lintian_has_nothing_to_say(packages: Path) -> None:
    made = [packages / "new.deb", packages / "mpi.deb"]
    command = ["lintian", "--allow-root", "--fail-on", "error,warning", *made]
    done = subprocess.run(command, capture_output=True, text=True)
    assert (done.returncode, done.stdout) == (0, "")


def contents(package: Path) -> Set[str]:
    return {line.split()[5].removeprefix(".") for line in told("dpkg-deb", "--contents", package).splitlines()}


def test_shells_look_where_its_completions_are(packages: Path) -> None:
    need_programs("zsh", "fish")
    paths = contents(packages / "new.deb")
    assert "/usr/share/bash-completion/completions/sqzctl" in paths
    assert paths & {f"{folder}/_sqzctl" for folder in told("zsh", "-fc", "print -l $fpath").split()}
    folders = told("fish", "-c", "printf '%s\\n' $fish_complete_path").split()
    assert paths & {f"{folder}/sqzctl.fish" for folder in folders}


def test_programs_come_without_icus_tables(packages: Path) -> None:
    lines = [line.split() for line in told("dpkg-deb", "--contents", packages / "new.deb").splitlines()]
    sizes = {Path(line[5]).name: int(line[2]) for line in lines}
    # The tables have 32 MB, the largest program 44 without them.
    assert max(sizes[name] for name in ("sqzd", "sqzctl", "sqz-runner-squeezenet")) < 60_000_000


def test_what_needs_mpi_is_a_package_of_its_own(packages: Path) -> None:
    assert contents(packages / "mpi.deb") >= {
        "/usr/libexec/sqzd/sqz-runner-squeezenet-mpi",
        "/usr/libexec/sqzd/sqz-slurm",
        "/usr/lib/systemd/system/sqzd.service.d/ranks.conf",
    }
    assert not {path for path in contents(packages / "new.deb") if "mpi" in path or "ranks" in path or "slurm" in path}
    assert "openmpi" in told("dpkg-deb", "--field", packages / "mpi.deb", "Depends")
    assert "openmpi" not in told("dpkg-deb", "--field", packages / "new.deb", "Depends")


def test_every_verb_has_a_page(packages: Path) -> None:
    paths = contents(packages / "new.deb")
    overview = told(CHECKOUT / ".build/release/sqzctl", "--help")
    verbs = set(re.findall(r"^  ([a-z-]+) ", overview.partition("SUBCOMMANDS:")[2], re.MULTILINE))
    assert {"train", "classify", "model"} < verbs
    pages = {f"sqzctl-{verb}.1" for verb in verbs} | {"sqzctl.1", "sqzctl-model-import.1"}
    wanted = {f"/usr/share/man/man1/{page}.gz" for page in pages}
    wanted |= {"/usr/share/man/man8/sqzd.8.gz", "/usr/share/man/man5/sqzd.json.5.gz"}
    assert wanted <= paths


@pytest.fixture(params=["bookworm", "trixie"])
def container(packages: Path, request: pytest.FixtureRequest) -> Iterator[Container]:
    need_programs("debootstrap", "systemd-nspawn", "nsenter", "setpriv")
    need_fashion()
    container = Container(request.param)
    try:
        container.mount()
        for name in ("new.deb", "old.deb"):
            shutil.copy(packages / name, container.root)
        container.boot()
        yield container
    finally:
        container.close()


def test_it_is_installed_upgraded_and_removed_with_a_queue(container: Container) -> None:
    container.run("dpkg", "--install", "/old.deb")
    assert container.show("sqzd.service", "ActiveState") == "active"
    assert container.show("sqzd.service", "UnitFileState") == "enabled"
    assert container.show("sqzd.socket", "UnitFileState") == "enabled"
    assert container.show("sqzd-metrics.timer", "UnitFileState") == "disabled"
    assert "sqzd" in container.run("getent", "group", "sqzd")

    # A runner of somebody else's is not the package's.
    container.write(f"{RUNNERS}/countdown", (CHECKOUT / "Tests/Plugins/countdown").read_text(), 0o755)
    container.run("systemctl", "reload", "sqzd.service")
    # Until runners have been asked what they are.
    container.await_journal("SQZ_EVENT=reloaded")
    # Longer than dpkg takes until it starts the new one.
    job = container.submit("countdown", "root", options={"from": 30, "delay": 0.5})
    container.await_progress(job)
    container.run("dpkg", "--install", "/new.deb")
    assert container.show("sqzd.service", "ActiveState") == "active"
    ended = container.await_end(job)
    assert (ended["state"], ended["starts"]) == ("succeeded", 2)

    container.run("dpkg", "--remove", "sqzd")
    assert container.show("sqzd.service", "ActiveState") == "inactive"
    assert container.show("sqzd.service", "LoadState") == "not-found"
    container.run("dpkg", "--install", "/new.deb")
    assert container.run("sqzctl", "show", str(job), "--json").startswith('{"')

    container.run("dpkg", "--purge", "sqzd")
    container.run("test", "-e", "/var/lib/sqzd", status=1)
    states = ("/etc/systemd", "/run/systemd/system", "/var/lib/systemd/deb-systemd-helper-enabled")
    assert "sqzd" not in container.run("find", *states)
