"""clients/python/examples: the notebooks run from top to bottom."""

from pathlib import Path
from typing import Any, Dict

import nbformat
import pytest
from contract import PROTOCOL
from nbclient import NotebookClient
from real_daemon import RealDaemon

EXAMPLES = PROTOCOL.parent / "clients" / "python" / "examples"
CELL_SECONDS = 300


def outputs(cell: Dict[str, Any]) -> str:
    """What a cell printed."""
    return "".join(output.get("text", "") for output in cell["outputs"])


def test_the_tour_can_be_taken(daemon: RealDaemon, monkeypatch: pytest.MonkeyPatch, tmp_path: Path) -> None:
    monkeypatch.setenv("SQZD_SOCKET", daemon.socket)
    notebook = nbformat.read(EXAMPLES / "tour.ipynb", as_version=4)
    nbformat.validate(notebook)
    cells = [cell for cell in notebook.cells if cell.cell_type == "code"]
    # What is in the repository has no results, which would be of somebody's machine.
    assert all(cell.outputs == [] for cell in cells)
    NotebookClient(notebook, timeout=CELL_SECONDS, resources={"metadata": {"path": str(tmp_path)}}).execute()
    printed = [outputs(cell) for cell in cells]
    confusion = next(text for text in printed if text.startswith("[["))
    assert float(confusion.split()[-1]) > 0.6, "it has learnt nothing"
    assert printed[-1] == "epochs: must be at least 1, is 0\n"
    pictures = [output for cell in cells for output in cell.outputs if "image/png" in output.get("data", {})]
    assert len(pictures) == 2
