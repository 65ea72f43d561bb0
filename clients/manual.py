#!/usr/bin/env python3
"""Writes man pages of programs, one for each verb, from what their argument parsers say of themselves.

usage: manual.py DIRECTORY VERSION DATE SECTION PROGRAM...
"""

import json
import re
import subprocess
import sys
from pathlib import Path
from typing import Any, Dict, List, Tuple

Command = Dict[str, Any]


def escaped(text: str) -> str:
    """Text as roff shows it, minus signs and all. Nothing that begins a line is a request."""
    lines = text.replace("\\", "\\e").replace("-", "\\-").split("\n")
    return "\n".join("\\&" + line if line[:1] in {".", "'"} else line for line in lines)


def names(argument: Dict[str, Any]) -> str:
    """As it is written: -o, --option <name=value>."""
    value = f"\\fI{escaped(argument['valueName'])}\\fR"
    if argument["kind"] == "positional":
        return value
    forms = [("--" if name["kind"] == "long" else "-") + name["name"] for name in argument["names"]]
    told = ", ".join(f"\\fB{escaped(form)}\\fR" for form in sorted(forms, key=len))
    return told if argument["kind"] == "flag" else f"{told} {value}"


def synopsis(argument: Dict[str, Any]) -> str:
    form = names({**argument, "names": [argument["preferredName"]]} if "preferredName" in argument else argument)
    form += " ..." if argument["isRepeating"] else ""
    return f"[{form}]" if argument["isOptional"] or argument["kind"] == "flag" else form


def described(argument: Dict[str, Any]) -> List[str]:
    text = argument.get("abstract", "")
    if argument.get("allValues"):
        text += f" One of {', '.join(argument['allValues'])}."
    if argument.get("defaultValue"):
        text += f" By default {argument['defaultValue']}."
    return [".TP", names(argument), escaped(text.strip()) or "\\&"]


def paragraphs(text: str) -> List[str]:
    """Indented lines stay as they are; others are filled."""
    lines: List[str] = []
    for paragraph in text.split("\n\n"):
        lines.append(".PP")
        shown = False
        for line in paragraph.split("\n"):
            if line.startswith("  ") != shown:
                shown = not shown
                lines += [".PP", ".RS 4", ".nf"] if shown else [".fi", ".RE"]
            lines.append(escaped(line.strip()))
        if shown:
            lines += [".fi", ".RE"]
    return lines


def page(command: Command, parents: Tuple[str, ...], section: str, version: str, date: str) -> List[str]:
    words = [*parents, command["commandName"]]
    name = "-".join(words)
    arguments = [argument for argument in command.get("arguments", []) if argument["shouldDisplay"]]
    verbs = [verb for verb in command.get("subcommands", []) if verb["shouldDisplay"] and verb["commandName"] != "help"]
    abstract = re.sub(r"\.$", "", command.get("abstract", ""))
    lines = [f'.TH "{escaped(name.upper())}" "{section}" "{date}" "sqzd {version}" "sqzd"', ".SH NAME"]
    lines += [f"{escaped(name)} \\- {escaped(abstract)}", ".SH SYNOPSIS"]
    forms = [synopsis(argument) for argument in arguments] + (["\\fIverb\\fR ..."] if verbs else [])
    lines += [" ".join([f"\\fB{escaped(' '.join(words))}\\fR", *forms])]
    if command.get("discussion"):
        lines += [".SH DESCRIPTION", *paragraphs(command["discussion"])[1:]]
    if verbs:
        lines.append(".SH VERBS")
        for verb in verbs:
            reference = f"{'-'.join([*words, verb['commandName']])}"
            lines += [".TP", f"\\fB{escaped(reference)}\\fR({section})", escaped(verb.get("abstract", ""))]
    for title, wanted in (("ARGUMENTS", True), ("OPTIONS", False)):
        chosen = [argument for argument in arguments if (argument["kind"] == "positional") == wanted]
        if chosen:
            lines += [f".SH {title}", *(line for argument in chosen for line in described(argument))]
    others = [f"\\fB{escaped('-'.join(parents))}\\fR({section})"] if parents else []
    others += ["\\fBsqzd\\fR(8)"] if name != "sqzd" else ["\\fBsqzctl\\fR(1)"]
    lines += [".SH SEE ALSO", ", ".join([*others, "\\fBsqzd.json\\fR(5)"])]
    return lines


def write(command: Command, parents: Tuple[str, ...], directory: Path, section: str, version: str, date: str) -> None:
    text = "\n".join(page(command, parents, section, version, date)) + "\n"
    words = (*parents, command["commandName"])
    (directory / f"{'-'.join(words)}.{section}").write_text(text)
    for verb in command.get("subcommands", []):
        if verb["shouldDisplay"] and verb["commandName"] != "help":
            write(verb, words, directory, section, version, date)


def main() -> None:
    directory, version, date, section, *programs = sys.argv[1:]
    Path(directory).mkdir(parents=True, exist_ok=True)
    for program in programs:
        told = subprocess.run([program, "--experimental-dump-help"], check=True, capture_output=True).stdout
        write(json.loads(told)["command"], (), Path(directory), section, version, date)


if __name__ == "__main__":
    main()
