"""Whatever file a command is given, it says what is wrong; a traceback never reaches the user."""

from __future__ import annotations

import os
import re
import shutil
from collections.abc import Callable
from pathlib import Path
from random import Random

import pytest
from bad_roster_files import CASES, written
from commands import READING, Files, commands, good_files, run
from typer.testing import Result

from subsidy.cli.guard import FAULT, SHOW_FAULTS

THOROUGH = bool(os.environ.get("CHECK_ALL"))
BAD_SCHEDULES = sorted((Path(__file__).parent / "bad_schedules").glob("*.yaml"))
SLOTS = [(name, slot) for name, line in READING.items() for slot in sorted({*re.findall(r"{(\w+)}", line)} - {"out"})]
OF_ROSTER, OF_SCHEDULE = (
    [name for name, line in READING.items() if slot in line] for slot in ("{roster}", "{schedule}")
)
Wrong = Callable[[Path, Files], Path]


def content(suffix: str, data: bytes) -> Wrong:
    def make(folder: Path, _: Files) -> Path:
        path = folder / f"wrong{suffix}"
        path.write_bytes(data)
        return path

    return make


def missing(folder: Path, _: Files) -> Path:
    return folder / "nothing.here"


def empty_folder(folder: Path, _: Files) -> Path:
    return folder


def unreadable_name(folder: Path, _: Files) -> Path:
    return folder / ("long" * 100)


def through_a_file(_: Path, files: Files) -> Path:
    return files.paths["receipt"] / "below"


def circle(folder: Path, _: Files) -> Path:
    (folder / "circle.yaml").symlink_to(folder / "circle.yaml")
    return folder / "circle.yaml"


def other(kind: str) -> Wrong:
    return lambda _, files: files.paths[kind]


def in_a_folder(name: str, data: bytes) -> Wrong:
    def make(folder: Path, _: Files) -> Path:
        (folder / name).write_bytes(data)
        return folder

    return make


NOISE = Random(7).randbytes(3000)
TEXT = "名称,金额\n甲,1\n"
WRONG: dict[str, Wrong] = {
    "missing": missing,
    "folder": empty_folder,
    "name": unreadable_name,
    "through": through_a_file,
    "circle": circle,
    **{
        f"noise{suffix}": content(suffix, NOISE)
        for suffix in ("", ".yaml", ".json", ".csv", ".xlsx", ".xls", ".parquet")
    },
    **{f"empty{suffix}": content(suffix, b"") for suffix in (".yaml", ".json", ".csv", ".xlsx", ".parquet")},
    **{f"zip{suffix}": content(suffix, b"PK\3\4" + NOISE) for suffix in (".xlsx", ".csv", ".ods")},
    **{f"nul{suffix}": content(suffix, b"\0" * 500) for suffix in (".yaml", ".csv", ".json")},
    **{f"utf-16{suffix}": content(suffix, TEXT.encode("utf-16")) for suffix in (".yaml", ".csv", ".json")},
    **{f"nested{suffix}": content(suffix, b"[" * 100_000) for suffix in (".yaml", ".json", ".csv")},
    **{f"scalar{suffix}": content(suffix, b"12\n") for suffix in (".yaml", ".json", ".csv")},
    **{f"list{suffix}": content(suffix, b"[1, {a: [2]}, null]\n") for suffix in (".yaml", ".json")},
    "keys.yaml": content(".yaml", b"? [1, 2]\n: 3\nnull: 4\n"),
    "huge-number.json": content(".json", b'{"engine": ' + b"9" * 6000 + b"}"),
    "quote.csv": content(".csv", b'home,opened\n"H1,2023\n'),
    "noise in a folder": in_a_folder("homes.csv", NOISE),
    "parquet in a folder": in_a_folder("homes.parquet", b"PAR1" + NOISE),
    **{kind: other(kind) for kind in Files(Path()).paths},
}


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return good_files(tmp_path_factory.mktemp("good"))


@pytest.fixture(autouse=True)
def _faults_are_shown(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv(SHOW_FAULTS, "1")


def check_said(done: Result, what: object) -> None:
    """A command ends with a code that it knows, and says why where it is not 0."""
    assert done.exception is None or isinstance(done.exception, SystemExit), (what, done.exception)
    assert done.exit_code in (0, 1, 2), what
    assert "Traceback" not in done.output, what
    assert done.exit_code == 0 or done.output.strip(), what


@pytest.mark.parametrize("name", READING)
def test_good_files_are_read(files: Files, name: str) -> None:
    done = run(files.arguments(READING[name]))
    assert done.exit_code == 0, done.output


@pytest.mark.parametrize(("name", "slot"), SLOTS, ids=lambda one: str(one))
def test_wrong_files(files: Files, tmp_path: Path, name: str, slot: str) -> None:
    chosen = list(WRONG) if THOROUGH else Random(f"{name} {slot}").sample(list(WRONG), 2)
    for number, kind in enumerate(chosen):
        folder = tmp_path / str(number)
        folder.mkdir()
        path = WRONG[kind](folder, files)
        check_said(run(files.arguments(READING[name], **{slot: path})), (name, slot, kind))


@pytest.mark.parametrize("path", CASES if THOROUGH else CASES[::6], ids=lambda path: path.stem)
def test_bad_rosters(files: Files, tmp_path: Path, path: Path) -> None:
    case = written(path, tmp_path)
    instead = {"roster": case.roster, "schedule": Path(case.schedule_id)}
    instead |= {"mapping": case.mapping} if case.mapping else {}
    for name in OF_ROSTER if THOROUGH else Random(path.stem).sample(OF_ROSTER, 1):
        check_said(run(files.arguments(READING[name], **instead)), (name, path.stem))


@pytest.mark.parametrize("path", BAD_SCHEDULES if THOROUGH else BAD_SCHEDULES[::15], ids=lambda path: path.stem)
def test_bad_schedules(files: Files, path: Path) -> None:
    for name in OF_SCHEDULE if THOROUGH else Random(path.stem).sample(OF_SCHEDULE, 1):
        done = run(files.arguments(READING[name], schedule=path))
        check_said(done, (name, path.stem))
        assert done.exit_code == 1, (name, path.stem)


@pytest.mark.parametrize("seed", range(400 if THOROUGH else 8))
def test_good_files_with_a_changed_byte(files: Files, tmp_path: Path, seed: int) -> None:
    random = Random(seed)
    name, slot = random.choice(SLOTS)
    whole = tmp_path / files.paths[slot].name
    if files.paths[slot].is_dir():
        shutil.copytree(files.paths[slot], whole)
    else:
        shutil.copy(files.paths[slot], whole)
    file = random.choice(sorted(whole.iterdir())) if whole.is_dir() else whole
    data = bytearray(file.read_bytes())
    for _ in range(random.randrange(1, 4)):
        data[random.randrange(len(data))] = random.randrange(256)
    file.write_bytes(data)
    check_said(run(files.arguments(READING[name], **{slot: whole})), (name, slot, seed))


def test_no_command_is_left_out() -> None:
    """`list` and `columns` read no file; `template` reads what `show` does."""
    tried = {line.split()[0] for line in READING.values()} | {"list", "template", "columns"}
    assert set(commands()) == tried


def test_a_fault_of_the_program_is_one_line(files: Files, monkeypatch: pytest.MonkeyPatch) -> None:
    import subsidy.budget.calculate

    def broken(*_: object, **__: object) -> None:
        raise KeyError("something\nwith lines")

    monkeypatch.delenv(SHOW_FAULTS)
    monkeypatch.setattr(subsidy.budget.calculate, "examine", broken)
    done = run([*files.arguments(READING["check"]), "--lang", "en"])
    assert (done.exit_code, done.stdout, len(done.stderr.splitlines())) == (FAULT, "", 1)
    assert "KeyError" in done.stderr
    assert SHOW_FAULTS in done.stderr
