"""A schedule is as its files are when it is loaded, also when it was loaded before."""

from __future__ import annotations

import os
import shutil
from pathlib import Path

import subsidy
from subsidy.schedule.catalogue import schedules_root


def test_a_file_that_changes_is_read_anew(tmp_path: Path) -> None:
    file = tmp_path / "2021-11-05.yaml"
    written = next((schedules_root() / "cn/xian/elderly-care").glob("2021*.yaml")).read_text(encoding="utf-8")
    file.write_text(written, encoding="utf-8")
    stamp = file.stat()
    before = subsidy.schedule(file).latest
    assert subsidy.schedule(file).latest is before
    file.write_text(written.replace("disabled: 225,", "disabled: 226,"), encoding="utf-8")
    os.utime(file, ns=(stamp.st_atime_ns, stamp.st_mtime_ns))  # as old and as long as it was
    after = subsidy.schedule(file).latest
    assert after.identity != before.identity
    assert after.meaning_hash != before.meaning_hash
    file.write_text(written, encoding="utf-8")
    assert subsidy.schedule(file).latest.meaning_hash == before.meaning_hash


def test_an_amendment_follows_the_version_that_it_changes(tmp_path: Path) -> None:
    base, amending = _amended_pair(tmp_path)
    before = subsidy.schedule(tmp_path).latest
    assert before.checker.sources[0].file == str(amending)
    base.write_text(base.read_text(encoding="utf-8") + "\n# a remark\n", encoding="utf-8")
    assert subsidy.schedule(tmp_path).latest.identity != before.identity


def _amended_pair(folder: Path) -> tuple[Path, Path]:
    """A version and the amendment beside it, copied from the shipped schedules."""
    for amending in sorted(schedules_root().glob("**/*.yaml")):
        lines = amending.read_text(encoding="utf-8").splitlines()
        named = [line.split()[1].strip("\"'") for line in lines if line.startswith("amends:")]
        if named:
            for file in amending.parent.glob("*.yaml"):
                shutil.copy(file, folder)
            return folder / f"{named[0]}.yaml", folder / amending.name
    raise AssertionError("there is no amendment among the shipped schedules")
