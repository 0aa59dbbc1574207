"""Ctrl-C, kill, a full disk, and outputs that cannot be written: nothing half-written, one line, the right code."""

from __future__ import annotations

import errno
import os
import pty
import re
import resource
import shutil
import signal
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from random import Random
from types import FrameType
from typing import Any

import pytest
from commands import READING, WRITING, Files, good_files, run

from subsidy import files as module
from subsidy.files import check_folder, check_writable, write_folder, write_whole
from subsidy.finding import RosterError

THOROUGH = bool(os.environ.get("CHECK_ALL"))
STARTED = "import sys; from subsidy.cli import main; sys.stdout.write('started\\n'); sys.stdout.flush(); main()"
FULL = Path("/dev/full")
OUTPUT = {name: re.search(r"{out}/(\S+)", line)[1] for name, line in WRITING.items()}  # type: ignore[index]
HEARD = [one for one in (signal.SIGINT, signal.SIGTERM, signal.SIGHUP) if signal.getsignal(one) is not signal.SIG_IGN]
REWRITTEN = """
import sys
from pathlib import Path
from subsidy.cli.guard import end_cleanly_on_signals
from subsidy.files import write_folder, write_whole
file, folder = Path(sys.argv[1], "file"), Path(sys.argv[1], "folder")
end_cleanly_on_signals()
for number in range(10**9):
    text = str(number % 10).encode() * 2_000_000
    write_whole(file, text)
    write_folder(folder, {"a.csv": text, "b.csv": text})
    if number == 0:
        print("started", flush=True)
"""

SPILLED = """
import time
from subsidy.cli.guard import end_cleanly_on_signals
from subsidy.resources import spill_folder
end_cleanly_on_signals()
(spill_folder() / "part").touch()
print("started", flush=True)
time.sleep(600)
"""


@pytest.fixture(scope="module")
def files(tmp_path_factory: pytest.TempPathFactory) -> Files:
    return good_files(tmp_path_factory.mktemp("good"))


def content(path: Path) -> dict[str, bytes]:
    """Every file below a folder."""
    return {str(file.relative_to(path)): file.read_bytes() for file in sorted(path.rglob("*")) if file.is_file()}


def started(arguments: list[str], **options: Any) -> subprocess.Popen[str]:
    """A command in a process of its own, once it listens to signals."""
    process = subprocess.Popen(
        [sys.executable, "-c", *arguments], stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True, **options
    )
    assert process.stdout is not None
    assert process.stdout.readline() == "started\n"
    time.sleep(0.01)
    return process


# --- signals --------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WRITING if THOROUGH else ["receipt", "ledger", "template"])
def test_a_command_that_is_stopped_leaves_no_part_of_a_file(files: Files, tmp_path: Path, name: str) -> None:
    random = Random(name)
    for number in range(12 if THOROUGH else 2):
        out = tmp_path / str(number)
        out.mkdir()
        process = started([STARTED, *files.arguments(WRITING[name], out=out), "--lang", "en"])
        time.sleep(random.uniform(0, 1.2))
        chosen = random.choice((signal.SIGINT, signal.SIGTERM))
        process.send_signal(chosen)
        _, said = process.communicate(timeout=60)
        if process.returncode == 0:
            assert set(os.listdir(out)) == {OUTPUT[name]}
        else:
            if process.returncode == -chosen:  # too late: the command was done, and Python itself was ending
                assert "Traceback" not in said
                assert set(os.listdir(out)) == {OUTPUT[name]}
                continue
            assert (process.returncode, said) == (128 + chosen, "Stopped; nothing half-written is left.\n")
            assert set(os.listdir(out)) <= {OUTPUT[name]}


def test_what_is_being_rewritten_is_the_old_or_the_new(tmp_path: Path) -> None:
    random = Random(3)
    for number in range(40 if THOROUGH else 5):
        folder = tmp_path / str(number)
        folder.mkdir()
        process = started([REWRITTEN, str(folder)])
        time.sleep(random.uniform(0, 0.1))
        process.send_signal(random.choice(HEARD))
        _, said = process.communicate(timeout=60)
        assert len(said.splitlines()) == 1
        whole = content(folder)
        assert set(whole) == {"file", "folder/a.csv", "folder/b.csv"}
        assert all((len(data), len(set(data))) == (2_000_000, 1) for data in whole.values())
        assert whole["folder/a.csv"] == whole["folder/b.csv"]
        assert set(os.listdir(folder)) == {"file", "folder"}


def test_what_was_spilled_goes_too(tmp_path: Path) -> None:
    process = started([SPILLED], env={**os.environ, "TMPDIR": str(tmp_path)})
    (folder,) = tmp_path.iterdir()
    assert [one.name for one in folder.iterdir()] == ["part"]
    assert folder.stat().st_mode & 0o077 == 0
    process.send_signal(signal.SIGTERM)
    process.communicate(timeout=60)
    assert (process.returncode, os.listdir(tmp_path)) == (143, [])


def test_an_ignored_signal_stays_ignored(files: Files) -> None:
    ignoring = "import signal; signal.signal(signal.SIGHUP, signal.SIG_IGN); "
    process = started([ignoring + STARTED, "show", str(files.paths["schedule"])])
    process.send_signal(signal.SIGHUP)
    process.communicate(timeout=60)
    assert process.returncode == 0


class _StoppedAt:
    """Raises KeyboardInterrupt at the n-th line of `write_whole` or `write_folder`."""

    def __init__(self, line: int) -> None:
        self.left = line

    def __call__(self, frame: FrameType, event: str, _: object) -> Any:
        if frame.f_code not in (write_whole.__code__, write_folder.__code__):
            return None
        if event == "line":
            self.left -= 1
            if self.left == 0:
                raise KeyboardInterrupt
        return self


@contextmanager
def stopped_at(line: int) -> Iterator[None]:
    before = sys.gettrace()
    sys.settrace(_StoppedAt(line))
    try:
        yield
    finally:
        sys.settrace(before)


@pytest.mark.parametrize("there", [True, False], ids=["there before", "new"])
def test_a_library_that_is_stopped_leaves_no_part_of_a_file(tmp_path: Path, there: bool) -> None:
    old = {"file": b"old", "folder/a.csv": b"old"} if there else {}
    new = {"file": b"new", "folder/a.csv": b"new"}
    stops = 0
    for line in range(1, 60):
        folder = tmp_path / str(line)
        folder.mkdir()
        if there:
            write_whole(folder / "file", b"old")
            write_folder(folder / "folder", {"a.csv": b"old"})
        try:
            with stopped_at(line):
                write_whole(folder / "file", b"new")
                write_folder(folder / "folder", {"a.csv": b"new"})
        except KeyboardInterrupt:
            stops += 1
        for name in ("file", "folder/a.csv"):
            assert content(folder).get(name) in (old.get(name), new[name])
        assert set(os.listdir(folder)) <= {"file", "folder"}
        assert not module._unfinished
    assert stops > 15
    assert content(tmp_path / "59") == new


# --- full disks -----------------------------------------------------------------------------------------------------


def small_files_only() -> None:
    """Of a process that may write files of 20 bytes only."""
    resource.setrlimit(resource.RLIMIT_FSIZE, (20, 20))


@pytest.mark.parametrize("name", sorted({*WRITING} - {"notices"}) if THOROUGH else ["ledger", "book"])  # none here
def test_a_disk_that_takes_no_more(files: Files, tmp_path: Path, name: str) -> None:
    line = f"{WRITING[name]} --lang en" + (" --force" if name == "template" else "")
    arguments = [sys.executable, "-c", STARTED, *files.arguments(line, out=tmp_path)]
    if name != "mapping":  # what it finds it reads
        subprocess.run(arguments, check=True, capture_output=True)
    before = content(tmp_path)
    done = subprocess.run(arguments, capture_output=True, text=True, preexec_fn=small_files_only)
    assert (done.returncode, content(tmp_path)) == (1, before), done.stderr
    assert "the file would be too large" in done.stderr
    assert "Traceback" not in done.stderr


@pytest.mark.parametrize("code", [errno.ENOSPC, errno.EDQUOT, errno.EIO])
@pytest.mark.parametrize("name", WRITING)
def test_a_full_disk(files: Files, tmp_path: Path, name: str, code: int, monkeypatch: pytest.MonkeyPatch) -> None:
    full = OSError(code, os.strerror(code))

    def failing(*_: object) -> None:
        raise full

    monkeypatch.setattr(Path, "replace", failing)
    done = run([*files.arguments(WRITING[name], out=tmp_path), "--lang", "zh"])
    assert (done.exit_code, os.listdir(tmp_path)) == (1, [])
    assert f"无法写入（{module.cause_of(full).zh}）" in done.stderr.replace("\n", "")


@pytest.mark.skipif(not FULL.exists(), reason="there is no /dev/full here")
@pytest.mark.parametrize("name", sorted({*READING} - {"check"}) if THOROUGH else ["budget", "show"])
def test_output_that_cannot_be_printed(files: Files, name: str) -> None:
    command = [sys.executable, "-c", "from subsidy.cli import main; main()", *files.arguments(READING[name])]
    with FULL.open("w") as full:
        done = subprocess.run([*command, "--lang", "en"], stdout=full, stderr=subprocess.PIPE, text=True)
    assert done.returncode == 1
    assert done.stderr.splitlines()[-1] == "Reading or writing failed (the disk is full)."
    assert "Traceback" not in done.stderr


def test_a_reader_that_goes_away(files: Files) -> None:
    process = started([STARTED, *files.arguments(READING["show"]), "--json"])
    assert process.stdout is not None
    process.stdout.close()
    assert process.stderr is not None
    assert process.stderr.read() == ""
    assert process.wait(timeout=60) == 1


# --- outputs that cannot be written ---------------------------------------------------------------------------------


@pytest.mark.parametrize("name", WRITING)
def test_an_output_is_looked_at_before_the_work(files: Files, tmp_path: Path, name: str) -> None:
    nothing = {"roster": tmp_path / "no roster", "paid": tmp_path / "nothing paid", "drivers": tmp_path / "no drivers"}
    (tmp_path / "file").write_text("here", encoding="utf-8")
    taken = tmp_path / "taken" / OUTPUT[name]
    if "." in OUTPUT[name]:
        taken.mkdir(parents=True)
    else:
        taken.parent.mkdir()
        taken.write_text("here", encoding="utf-8")
    for out in (tmp_path / "nowhere", tmp_path / "file", taken.parent, tmp_path / ("long" * 100)):
        before = content(tmp_path)
        done = run([*files.arguments(WRITING[name], out=out, **nothing), "--lang", "en"])
        assert (done.exit_code, done.stdout, content(tmp_path)) == (1, "", before)
        assert done.stderr.count("[") == 1, done.stderr
        assert "[unwritable]" in done.stderr


@contextmanager
def ordinary_user() -> Iterator[Path]:
    """A folder in /tmp, and the rights of a user who may not write everywhere."""
    folder = Path(tempfile.mkdtemp())
    folder.chmod(0o755)
    is_root = os.geteuid() == 0
    try:
        yield folder
    finally:
        if is_root:
            os.seteuid(0)
        for path in (folder, *folder.rglob("*")):
            path.chmod(0o755)
        shutil.rmtree(folder)


def become_ordinary() -> None:
    if os.geteuid() == 0:
        os.seteuid(65534)


def test_without_permission() -> None:
    with ordinary_user() as folder:
        for name in ("own", "locked"):
            (folder / name).mkdir()
            (folder / name / "file").write_text("here", encoding="utf-8")
            (folder / name).chmod(0o777 if name == "own" else 0o555)
            (folder / name / "file").chmod(0o444)
        become_ordinary()
        check_writable(folder / "own" / "new")
        check_folder(folder / "own" / "new", ["a"])
        for path in (folder / "own" / "file", folder / "locked" / "new", folder / "locked" / "file"):
            with pytest.raises(RosterError) as error:
                check_writable(path)
            assert "no permission" in str(error.value)
        with pytest.raises(RosterError) as error:
            check_folder(folder / "locked" / "new", ["a"])
        assert "no permission" in str(error.value)


def test_what_is_read_is_not_written_over(files: Files, tmp_path: Path) -> None:
    paths = files.paths
    lines = {
        "budget {roster} -s {schedule} -y 2023 --receipt {schedule}": "schedule",
        "budget {roster} -s {schedule} -y 2023 --ledger {roster}": "roster",
        "budget {roster} -s {schedule} -y 2023 --mapping {mapping} --receipt {mapping}": "mapping",
        "settle {roster} -s {schedule} -y 2023 --paid {paid} -o {paid}": "paid",
    }
    for line, kind in lines.items():
        before = content(files.folder)
        done = run([*files.arguments(line), "--lang", "en"])
        assert (done.exit_code, done.stdout, content(files.folder)) == (1, "", before)
        assert str(paths[kind]) in done.stderr.replace("\n", "")
        assert "one of those that are read" in done.stderr.replace("\n", " ")


# --- progress -------------------------------------------------------------------------------------------------------


def on_a_terminal(arguments: list[str], patience: str) -> tuple[int, str, str]:
    """Exit code, stdout, and what stands on the terminal that is stderr."""
    start = f"from subsidy.cli import main, watch; watch.PATIENCE = {patience}; main()"
    ours, theirs = pty.openpty()
    environment = {**os.environ, "TERM": "xterm", "COLUMNS": "200"}
    process = subprocess.Popen(
        [sys.executable, "-c", start, *arguments], stdout=subprocess.PIPE, stderr=theirs, text=True, env=environment
    )
    os.close(theirs)
    said = b""
    try:
        while part := os.read(ours, 65536):
            said += part
    except OSError:  # the other end is closed
        pass
    os.close(ours)
    out = process.communicate(timeout=60)[0]
    return process.returncode, out, said.decode()


def test_progress_is_told_on_a_terminal_only(files: Files) -> None:
    forecast = [*files.arguments(READING["forecast"]), "--json"]
    code, out, said = on_a_terminal([*forecast, "--lang", "zh"], "0")
    piped = subprocess.run(
        [sys.executable, "-c", STARTED, *forecast, "--lang", "zh"], capture_output=True, text=True, check=True
    )
    assert (code, out, piped.stderr) == (0, piped.stdout.removeprefix("started\n"), "")
    assert "读入" in said
    assert "秒" in said
    assert said.rstrip().endswith("\x1b[2K") or "\x1b[?25h" in said  # the line is gone, the cursor is back
    assert "读入" not in on_a_terminal([*forecast, "--lang", "zh"], "60")[2]


def test_stations_say_what_they_are_part_of(files: Files) -> None:
    import subsidy
    from subsidy.progress import watched

    passed: list[str] = []
    roster, schedule = subsidy.read_roster(files.paths["roster"]), subsidy.schedule(files.paths["schedule"])
    with watched(lambda stations: passed.append(" · ".join(one.en for one in stations))):
        subsidy.what_if(schedule, roster, 2023, {"values.rate.is": "3"})
        subsidy.forecast(schedule, roster, 2023, files.paths["drivers"], years=1)
    for part in ("calculation 2 of 2 · calculating test/homes, step 1/", "2024 · pots and payments"):
        assert any(told.startswith(part) for told in passed)
    told_in_all = len(passed)
    subsidy.calculate(schedule, roster, 2023)
    assert len(passed) == told_in_all
