"""TAB in bash, zsh and fish: names that the daemon knows, asked at that moment."""

import os
import re
import subprocess
from pathlib import Path
from typing import Callable, Dict, List, NamedTuple

import pytest
from prerequisites import need_programs
from real_daemon import RealDaemon
from terminal import Terminal
from test_daemon import write_records

import sqzd

# What a shell offers for a line.
Shell = Callable[[Path, Dict[str, str], str], List[str]]
# What a prompt is, for who looks for it.
PROMPT = "ready> "


class Known(NamedTuple):
    """What there is to be offered."""

    training: int
    held: int


@pytest.fixture(scope="module")
def known(client: sqzd.Client, tmp_path_factory: pytest.TempPathFactory) -> Known:
    folder = tmp_path_factory.mktemp("data")
    write_records(folder, 200)
    client.import_dataset(folder, "colours")
    for _ in range(2):
        training = client.train("colours", "tints", epochs=1, batch_size=20)
        assert training.wait(timeout=300).state == "succeeded"
    client.tag_model("tints@1", "field")
    held = client.train("colours", "others", hold=True, name="held")
    client.sweep("train", {"seed": [1, 2]}, dataset="colours", model="swept", hold=True, name="sowing")
    return Known(training, held)


@pytest.fixture(scope="module")
def environment(binaries: Path, daemon: RealDaemon, tmp_path_factory: pytest.TempPathFactory) -> Dict[str, str]:
    """A home without the user's own settings, and sqzctl in the path."""
    home = tmp_path_factory.mktemp("home")
    (home / ".zshrc").write_text(f"PROMPT='{PROMPT}'; fpath=({home} $fpath); autoload -Uz compinit; compinit -u -D; cd\n")
    (home / "_sqzctl").write_bytes((binaries / "sqzctl.zsh").read_bytes())
    (home / "bashrc").write_text(f"PS1='{PROMPT}'; bind 'set enable-bracketed-paste off'; . {binaries}/sqzctl.bash; cd\n")
    fish = home / ".config" / "fish"
    (fish / "completions").mkdir(parents=True)
    (fish / "completions" / "sqzctl.fish").write_bytes((binaries / "sqzctl.fish").read_bytes())
    (fish / "config.fish").write_text("cd\n")
    # A folder of a name's name changes nothing.
    (home / "colours").mkdir()
    (home / "pictures of $(touch ran)").mkdir()
    return {
        "HOME": str(home),
        "XDG_CONFIG_HOME": str(home / ".config"),
        "XDG_DATA_HOME": str(home / ".local"),
        "ZDOTDIR": str(home),
        "PATH": f"{binaries}:{os.environ['PATH']}",
        "SQZD_SOCKET": daemon.socket,
        "LC_ALL": "C.UTF-8",
    }


# bash's function alone: what it offers for a line with the cursor at its end, of which $2 is what bash takes for the word.
BASH = """
compopt() { :; }
. "$1/sqzctl.bash"
COMP_LINE=$2 COMP_POINT=${#2} cur=$3
COMP_WORDS=("${@:4}") COMP_CWORD=$(($# - 4)) COMPREPLY=()
words=($(complete -p sqzctl))
"${words[-2]}" sqzctl "$cur" "${COMP_WORDS[COMP_CWORD-1]}"
((${#COMPREPLY[@]} == 0)) || printf '%s\\n' "${COMPREPLY[@]}"
"""


def in_bash(binaries: Path, environment: Dict[str, str], line: str) -> List[str]:
    # As bash does, by COMP_WORDBREAKS; the last word is empty behind a blank, and what is completed begins with an @.
    words = re.findall(r"[@=:]+|[^\s@=:]+", line) + [""] * line.endswith(" ")
    current = re.split("[ =:]|(?=@)", line)[-1]
    command = ["bash", "--norc", "-c", BASH, "bash", str(binaries), line, current, *words]
    done = subprocess.run(command, env=environment, capture_output=True, text=True, timeout=60)
    assert (done.returncode, done.stderr) == (0, "")
    # It puts them behind what stands before the word.
    before = line.split(" ")[-1].removesuffix(current)
    return sorted(before + word for word in done.stdout.splitlines())


def in_fish(binaries: Path, environment: Dict[str, str], line: str) -> List[str]:
    done = subprocess.run(
        ["fish", "-c", 'complete -C "$argv"', line], env=environment, capture_output=True, text=True, timeout=60
    )
    assert (done.returncode, done.stderr) == (0, "")
    # Behind a tab stands what it is.
    return sorted(word.partition("\t")[0] for word in done.stdout.splitlines())


@pytest.mark.parametrize("shell", [in_bash, in_fish], ids=["bash", "fish"])
def test_names_are_offered(shell: Shell, known: Known, binaries: Path, environment: Dict[str, str]) -> None:
    need_programs("bash", "fish")

    def offered(line: str) -> List[str]:
        return shell(binaries, environment, line)

    swept = ["4", "5"]
    assert offered("sqzctl show ") == sorted(["1", "2", str(known.held), *swept, "sowing"])
    # What has ended can't be cancelled, and what has not can't be retried.
    assert offered("sqzctl cancel ") == sorted([str(known.held), *swept, "sowing"])
    assert offered("sqzctl cancel s") == ["sowing"]
    assert offered("sqzctl resume 3 ") == sorted([str(known.held), *swept, "sowing"])
    assert offered("sqzctl retry ") == []
    assert offered("sqzctl predictions ") == []
    assert offered("sqzctl sweep ") == ["sowing"]
    assert offered("sqzctl dataset show ") == offered("sqzctl train --data ") == ["colours"]
    assert offered("sqzctl model show ") == ["tints"]
    assert offered("sqzctl model show tints@") == ["tints@1", "tints@2", "tints@field"]
    assert offered("sqzctl model untag ") == ["tints@field"]
    assert offered("sqzctl classify --model ti") == ["tints"]
    assert "countdown" in offered("sqzctl submit ") and "train" in offered("sqzctl submit ")
    assert offered("sqzctl submit countdown --option ") == ["crash=false", "crash=true", "delay=", "from="]
    assert "bypass=simple" in offered("sqzctl submit train -o by")
    assert offered("sqzctl submit train -o bypass=") == ["bypass=complex", "bypass=none", "bypass=simple"]
    assert offered("sqzctl submit train -o bypass=s") == ["bypass=simple"]
    assert offered("sqzctl train --bypass ") == ["complex", "none", "simple"]
    assert offered("sqzctl jobs --state s") == ["succeeded"]
    assert offered("sqzctl jobs --kind q") == ["quantize"]
    assert offered("sqzctl train --after ") == sorted([str(known.held), *swept, "sowing"])
    assert "dataset" in offered("sqzctl da")
    # It is not the daemon of the environment that is asked.
    assert offered("sqzctl --socket /none model show ") == []


@pytest.mark.parametrize("shell", [in_bash, in_fish], ids=["bash", "fish"])
def test_a_path_is_offered_where_it_is_begun(
    shell: Shell, known: Known, binaries: Path, environment: Dict[str, str], tmp_path: Path
) -> None:
    (tmp_path / "pictures").mkdir()
    (tmp_path / ".hidden").mkdir()
    (tmp_path / "pictures.tar").touch()
    found = [f"{tmp_path}/pictures.tar", f"{tmp_path}/pictures/"]
    assert shell(binaries, environment, f"sqzctl train --data {tmp_path}/") == found
    at_home = shell(binaries, {**environment, "HOME": str(tmp_path)}, "sqzctl train --data ~/pictures.")
    assert [word.replace("~", str(tmp_path)) for word in at_home] == found[:1]


@pytest.mark.parametrize("shell", [in_bash, in_fish], ids=["bash", "fish"])
def test_nothing_is_said_where_no_daemon_is(shell: Shell, binaries: Path, environment: Dict[str, str]) -> None:
    for without in ({"SQZD_SOCKET": "/none"}, {"SQZD_SOCKET": "", "SQZD_HOST": "ssh://no.such.host.invalid"}):
        for line in ("sqzctl show ", "sqzctl model show ", "sqzctl submit "):
            assert shell(binaries, {**environment, **without}, line) == []


@pytest.mark.parametrize("shell", ["bash", "zsh", "fish"])
def test_what_is_typed_is_completed(shell: str, known: Known, environment: Dict[str, str]) -> None:
    """As a person does it: TAB in a shell on a terminal."""
    need_programs(shell)
    command = {"bash": ["bash", "--rcfile", environment["HOME"] + "/bashrc", "-i"]}.get(shell, [shell, "-i"])
    with Terminal(command, 200, 40, {**environment, "fish_greeting": ""}) as terminal:
        if shell == "fish":
            terminal.type(f"function fish_prompt; echo -n '{PROMPT}'; end\n")
        terminal.wait(lambda lines: any(line.startswith(PROMPT.strip()) for line in lines))
        for typed, completed in [
            ("sqzctl model show tints@f\t", "sqzctl model show tints@field "),
            ("sqzctl submit train -o bypass=s\t", "sqzctl submit train -o bypass=simple "),
            ("sqzctl train --data ~/col\t", "sqzctl train --data ~/colours/"),
            ("sqzctl submit countdown -o fr\t1", "sqzctl submit countdown -o from=1"),
            ("sqzctl cancel so\t", "sqzctl cancel sowing "),
            ("sqzctl dataset show co\t", "sqzctl dataset show colours "),
        ]:
            # A letter more shows a blank before it.
            terminal.type(typed + "x")
            terminal.wait(lambda lines: any(PROMPT + completed + "x" in line for line in lines))
            # Ctrl-U: it was only looked at.
            terminal.type("\x15")
        terminal.type("sqzctl train --data ~/pic\t")
        terminal.wait(lambda lines: any("pictures" in line for line in lines))
    # What a name looks like to a shell is not done.
    assert not (Path(environment["HOME"]) / "ran").exists()
