"""The example notebook runs from top to bottom over what `rollup` writes, and lies here as nobody ran it."""

from pathlib import Path
from typing import Any

import nbformat
import pytest
from nbclient import NotebookClient

from results.archive import manifest as _manifest
from results.archive import rollup
from results.archive.place import Folder
from tests.results.archive.generated import archive

NOTEBOOK = Path(__file__).parents[3] / "docs" / "notebooks" / "days.ipynb"
COUNT, LENGTH = 8, 600


def as_committed() -> Any:
    return nbformat.read(NOTEBOOK, as_version=4)  # type: ignore[no-untyped-call]


def test_it_draws_what_an_archive_holds(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    for name in ("JUPYTER_RUNTIME_DIR", "JUPYTER_CONFIG_DIR", "JUPYTER_DATA_DIR", "IPYTHONDIR", "MPLCONFIGDIR"):
        monkeypatch.setenv(name, str(tmp_path / name))
    archive(tmp_path / "archive", count=COUNT, length=LENGTH, buckets=2)
    place = Folder(tmp_path / "archive")
    rollup.write(rollup.with_duckdb(place, _manifest.read(place)), tmp_path / "days.parquet")
    notebook = as_committed()
    NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    outputs = [output for cell in notebook.cells if cell.cell_type == "code" for output in cell.outputs]
    assert [output.output_type for output in outputs] == ["execute_result", *["display_data"] * 3]
    assert f"{COUNT * LENGTH}" in outputs[0].data["text/plain"]
    assert all("image/png" in output.data for output in outputs[1:])


def test_it_has_no_outputs_and_tells_nothing_of_a_machine() -> None:
    notebook = as_committed()
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    assert [(cell.outputs, cell.execution_count) for cell in code] == [([], None)] * len(code)
    assert set(notebook.metadata) == {"kernelspec", "language_info"}
