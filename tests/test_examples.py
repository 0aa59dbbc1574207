"""The example scripts and the notebook print what is kept beside them.

With UPDATE_DOCS=1 in the environment, what they print now is kept.
"""

from __future__ import annotations

import ast
import contextlib
import io
import json
import os
import runpy
from pathlib import Path
from typing import Any

import pytest

EXAMPLES = Path(__file__).parent.parent / "examples"
SCRIPTS = sorted(EXAMPLES.glob("*.py"))
NOTEBOOK = EXAMPLES / "notebook.ipynb"
SLOW = ("budget",)
THOROUGH = bool(os.environ.get("CHECK_ALL"))
UPDATE = "UPDATE_DOCS" in os.environ


@pytest.fixture(autouse=True)
def in_the_repository(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(EXAMPLES.parent)


@pytest.mark.parametrize("script", SCRIPTS, ids=lambda path: path.stem)
def test_a_script_prints_what_is_kept(script: Path) -> None:
    if script.stem in SLOW and not THOROUGH:
        pytest.skip("CHECK_ALL=1 calculates a whole city")
    kept = EXAMPLES / "outputs" / f"{script.stem}.txt"
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        runpy.run_path(str(script), run_name="__main__")
    if UPDATE:
        kept.write_text(printed.getvalue(), encoding="utf-8")
    assert printed.getvalue() == kept.read_text(encoding="utf-8")


@pytest.mark.parametrize("page", ["examples.md", "examples.zh.md"])
def test_every_example_is_listed(page: str) -> None:
    text = (EXAMPLES.parent / "docs" / page).read_text(encoding="utf-8")
    assert [path.name for path in (*SCRIPTS, NOTEBOOK) if f"(../examples/{path.name})" not in text] == []


def test_the_notebook_shows_what_it_prints() -> None:
    notebook = json.loads(NOTEBOOK.read_text(encoding="utf-8"))
    names: dict[str, Any] = {}
    for number, cell in enumerate((cell for cell in notebook["cells"] if cell["cell_type"] == "code"), start=1):
        outputs = run_cell("".join(cell["source"]), names, number)
        if UPDATE:
            cell["outputs"], cell["execution_count"] = outputs, number
        assert cell["outputs"] == outputs
    if UPDATE:
        NOTEBOOK.write_text(json.dumps(notebook, ensure_ascii=False, indent=1) + "\n", encoding="utf-8")


def run_cell(source: str, names: dict[str, Any], number: int) -> list[dict[str, Any]]:
    """The outputs of a cell as a notebook keeps them: what is printed, and the value of its last line."""
    tree = ast.parse(source)
    last = ast.Expression(tree.body.pop().value) if isinstance(tree.body[-1], ast.Expr) else None  # type: ignore[attr-defined]
    with contextlib.redirect_stdout(io.StringIO()) as printed:
        exec(compile(tree, "cell", "exec"), names)
        value = None if last is None else eval(compile(last, "cell", "eval"), names)
    outputs: list[dict[str, Any]] = []
    if printed.getvalue():
        outputs.append({"name": "stdout", "output_type": "stream", "text": lines(printed.getvalue())})
    if value is not None:
        data = {"text/plain": lines(repr(value))}
        outputs.append({"data": data, "execution_count": number, "metadata": {}, "output_type": "execute_result"})
    return outputs


def lines(text: str) -> list[str]:
    return text.splitlines(keepends=True)
