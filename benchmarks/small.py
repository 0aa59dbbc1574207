"""Small calls: loading the package and a schedule, calculating one facility, and how many such calls go in a second.

python -m benchmarks.small
"""

from __future__ import annotations

import json
import subprocess
import sys
import time
from collections.abc import Callable
from pathlib import Path

ROOT = Path(__file__).parent.parent
FACILITIES = 20
SCHEDULE = "cn/xian/elderly-care"
IMPORT = "import time; s = time.perf_counter(); import subsidy; print(time.perf_counter() - s)"
LOAD = f"import time, subsidy; s = time.perf_counter(); subsidy.schedule('{SCHEDULE}'); print(time.perf_counter() - s)"
VERSION = "import sys; from subsidy.cli import main; sys.argv[1:] = ['--version']; main()"


def small_calls(repeats: int = 5) -> dict[str, float]:
    """Seconds of each, the smallest of several; `calls` is calculations of one facility a second."""
    found = {
        "import": min(_printed(IMPORT) for _ in range(repeats)),
        "version": min(_clocked(lambda: _run(VERSION)) for _ in range(repeats)),
        "first_load": min(_printed(LOAD) for _ in range(repeats)),
    }
    facility, load = json.loads(_run("from benchmarks.small import warm; warm()"))
    return {**found, "load": load, "facility": facility, "calls": 1 / facility}


def warm() -> None:
    """Prints the seconds of one facility's year, and of loading its schedule, once everything is imported."""
    import subsidy

    xian = subsidy.schedule(SCHEDULE)
    rosters = [facility(number) for number in range(FACILITIES)]

    def calculate() -> None:
        for tables in rosters:
            assert subsidy.calculate(xian, subsidy.Roster(**tables), 2023, proceed=True).total > 0

    calculate()
    seconds = min(_clocked(calculate) for _ in range(10)) / FACILITIES
    load = min(_clocked(lambda: subsidy.schedule(SCHEDULE)) for _ in range(5))
    sys.stdout.write(json.dumps([seconds, load]))


def facility(number: int) -> dict[str, list[dict[str, object]]]:
    """The roster of one facility with 40 residents; no two are alike."""
    name, district = f"F{number}", f"D{number % 5}"
    return {
        "districts": [{"district": district}],
        "facilities": [{"facility": name, "district": district, "type": "institution", "beds": 40, "area": "urban"}],
        "ratings": [{"facility": name, "from": "2020-01-01", "star": number % 5 + 1}],
        "residents": [
            {
                "resident": f"R{number}-{n}",
                "person": f"P{number}-{n}",
                "facility": name,
                "from": f"2023-{(n + number) % 12 + 1:02}-{number + 1:02}",
                "to": None,
            }
            for n in range(40)
        ],
        "assessments": [
            {"person": f"P{number}-{n}", "from": "2022-01-01", "ability": ("disabled", "self_caring")[(n + number) % 2]}
            for n in range(40)
        ],
    }


def _run(code: str) -> str:
    command = [sys.executable, "-c", code]
    return subprocess.run(command, cwd=ROOT, check=True, stdout=subprocess.PIPE, text=True).stdout


def _printed(code: str) -> float:
    return float(_run(code))


def _clocked(work: Callable[[], object]) -> float:
    start = time.perf_counter()
    work()
    return time.perf_counter() - start


if __name__ == "__main__":
    sys.stdout.write(json.dumps(small_calls(), indent=2) + "\n")
