"""What `make install` puts where, looked at without starting it."""

import json
import re
import subprocess
from pathlib import Path
from typing import Set

import pytest
from container import CHECKOUT
from prerequisites import need_programs

PREFIX = "/opt/sqzd"


def make(target: str, destination: Path) -> None:
    subprocess.run(["make", "--quiet", target, f"DESTDIR={destination}", f"PREFIX={PREFIX}"], cwd=CHECKOUT, check=True)


def files(folder: Path) -> Set[str]:
    return {str(path.relative_to(folder)) for path in folder.rglob("*") if not path.is_dir()}


@pytest.fixture
def installed(built: Path, tmp_path: Path) -> Path:
    make("install", tmp_path)
    return tmp_path


def test_everything_is_in_its_place(installed: Path) -> None:
    interfaces = {f"share/varlink/{path.name}" for path in (CHECKOUT / "protocol").glob("*.varlink")}
    assert len(interfaces) == 6
    pages = {name for name in files(installed) if "/share/man/" in name}
    assert f"{PREFIX[1:]}/share/man/man1/sqzctl-dataset-import.1" in pages
    assert all(Path(page).parent.name == "man" + Path(page).suffix[1:] for page in pages)
    assert {f"/{name}" for name in files(installed) - pages} == {
        f"{PREFIX}/{name}"
        for name in {
            "bin/sqzctl",
            "bin/sqzd",
            "lib/systemd/catalog/sqzd.catalog",
            "lib/systemd/system/sqzd-metrics-http.socket",
            "lib/systemd/system/sqzd-metrics-http@.service",
            "lib/systemd/system/sqzd-metrics.service",
            "lib/systemd/system/sqzd-metrics.timer",
            "lib/systemd/system/sqzd.service",
            "lib/systemd/system/sqzd.socket",
            "lib/systemd/user/sqzd.service",
            "lib/systemd/user/sqzd.socket",
            "lib/sysusers.d/sqzd.conf",
            "libexec/sqzd/runners/sqz-runner-squeezenet",
            "libexec/sqzd/sqz-runner-squeezenet-mpi",
            "libexec/sqzd/sqz-slurm",
            "share/bash-completion/completions/sqzctl",
            "share/doc/sqzd/ranks.conf",
            "share/doc/sqzd/sqzd.json",
            "share/fish/vendor_completions.d/sqzctl.fish",
            "share/zsh/site-functions/_sqzctl",
        }
        | interfaces
    }
    assert f"ExecStart={PREFIX}/bin/sqzd\n" in (installed / f"{PREFIX[1:]}/lib/systemd/system/sqzd.service").read_text()


def test_uninstall_leaves_no_file_and_touches_no_other(installed: Path) -> None:
    other = installed / PREFIX[1:] / "libexec/sqzd/runners/mine"
    other.touch()
    make("uninstall", installed)
    assert files(installed) == {str(other.relative_to(installed))}
    other.unlink()
    make("uninstall", installed)
    assert not (installed / PREFIX[1:] / "libexec/sqzd").exists()


def test_programs_need_no_swift_and_are_stripped(installed: Path) -> None:
    found = (installed / PREFIX[1:]).rglob("sqz*")
    programs = [path for path in found if path.is_file() and path.stat().st_mode & 0o100]
    assert len(programs) == 5
    for program in programs:
        wanted = subprocess.run(["ldd", str(program)], capture_output=True, text=True, check=True).stdout
        assert "libc.so" in wanted
        assert "swift" not in wanted.lower() and "Foundation" not in wanted
        assert ("libmpi" in wanted) == program.name.endswith("-mpi")
        sections = subprocess.run(["readelf", "-SW", str(program)], capture_output=True, text=True, check=True).stdout
        assert ".text" in sections
        assert ".symtab" not in sections and ".debug_info" not in sections


def test_catalog_explains_every_message() -> None:
    source = (CHECKOUT / "Sources/SqzDaemon/Scheduler/Announcer.swift").read_text()
    announced = re.findall(r'case \.(\w+): "([0-9a-f]{32})"', source)
    catalog = (CHECKOUT / "systemd/sqzd.catalog").read_text()
    explained = re.findall(r"^-- ([0-9a-f]{32})\nSubject: (.+)\nDefined-By: sqzd\n\n\w", catalog, re.MULTILINE)
    assert len(announced) >= 8
    assert sorted(identifier for _, identifier in announced) == sorted(identifier for identifier, _ in explained)
    assert len({subject for _, subject in explained}) == len(explained)


def test_example_configuration_has_every_key() -> None:
    source = (CHECKOUT / "Sources/SqzDaemon/DaemonConfiguration.swift").read_text()
    defaults = re.search(r"var defaults: .+?\n +\[\n(.+?)\n +\]\n", source, re.DOTALL)
    assert defaults is not None
    keys = re.findall(r'^ +"(\w+)":', defaults[1], re.MULTILINE)
    # Where the runners are depends on where the daemon is; launchers are no value of one type.
    expected = set(keys) - {"runnerDirectories"} | {"launchers"}
    assert sorted(json.loads((CHECKOUT / "systemd/sqzd.json").read_text())) == sorted(expected)


def test_units_are_valid_and_confined(installed: Path) -> None:
    need_programs("systemd-analyze")
    units = sorted((installed / PREFIX[1:] / "lib/systemd/system").iterdir())
    services = [unit for unit in units if unit.suffix == ".service"]
    assert len(units) == 6 and len(services) == 3
    for unit in services:
        # As the unit names them, for the one check that looks.
        unit.write_text(re.sub(f"=(-?){PREFIX}", rf"=\1{installed}{PREFIX}", unit.read_text()))
    subprocess.run(["systemd-analyze", "verify", "--man=no", *map(str, units)], check=True)
    # 5 is 0.5 of 10.
    for unit in services:
        command = ["systemd-analyze", "security", "--no-pager", "--offline=yes", "--threshold=5", str(unit)]
        subprocess.run(command, check=True)
