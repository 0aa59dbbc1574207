"""The page of measurements, in two languages, from the figures."""

from __future__ import annotations

import os
import platform
from collections.abc import Iterator, Mapping
from importlib.metadata import version
from typing import Literal

from benchmarks.measure import CONTENDERS, Measured
from benchmarks.workload import FORMS

Language = Literal["en", "zh"]
LANGUAGES: Mapping[Language, str] = {"en": "benchmarks.md", "zh": "benchmarks.zh.md"}
Figures = dict[tuple[int, str, str], Measured]  # residents, form, contender
PACKAGES = ("duckdb", "pyarrow", "polars", "pandas", "numpy", "sqlglot")
YARDSTICK = "hand_sql"

NAMES = {
    "en": {
        "hand_sql": "hand-written SQL",
        "checked_sql": "the same SQL, with checks in front",
        "library": "subsidy",
        "in_polars": "Polars",
        "in_numpy": "NumPy",
        "in_pandas": "pandas",
        "decimal_loop": "loop with Decimal",
    },
    "zh": {
        "hand_sql": "手写 SQL",
        "checked_sql": "同一 SQL，先作核查",
        "library": "subsidy",
        "in_polars": "Polars",
        "in_numpy": "NumPy",
        "in_pandas": "pandas",
        "decimal_loop": "Decimal 逐行循环",
    },
}
SMALL = {
    "en": {
        "import": "`import subsidy`, in a new process",
        "version": "`subsidy --version`, the whole process",
        "first_load": "the first schedule loaded in a process (Xi'an)",
        "load": "the same schedule loaded again",
        "facility": "one facility with 40 residents, calculated and checked, once loaded",
    },
    "zh": {
        "import": "新进程中的 `import subsidy`",
        "version": "`subsidy --version`，整个进程",
        "first_load": "进程内首次加载补贴标准（西安）",
        "load": "再次加载同一标准",
        "facility": "加载后，40 人的一家机构，含核查",
    },
}
HEAD = {
    "en": """# How fast it is

[中文](benchmarks.zh.md). Written by `make bench`, which measures anew.

The same made-up rosters are calculated by the library and by other means. All come to the same fen for every facility
and payer, or the measurement stops. N residents are in the lists for a year, in N/40 facilities of 20 districts, with
N/6 staff and a meal list a month:

- `months`: one row per person and month, ready to be paid: 12 N rows.
- `stays`: stays with moves; stars, abilities and levels that change within the year; one home per person and month.
- `shares`: amounts by days, percentages, parts of 3:3:4, a ceiling per person and year, and a pot that is short.

Hand-written SQL is the yardstick: DuckDB on Parquet, for this one schedule, in whole fen, without any check. The
library reads the same Parquet files, checks every cell and row, and can explain each amount afterwards. So a second
line has the same SQL by somebody who first makes sure of the main things: keys are unique, nothing is blank, references
and categories are known, nobody is in two homes at once. Each is run in a process of its own, the slow ones once, the
others up to five times; the fastest counts. Seconds are by the clock,
without imports; `processor` are those of all threads together, which other work on the machine disturbs less. Memory is
the peak of the process.
""",
    "zh": """# 速度

[English](benchmarks.md)。本页由 `make bench` 重新测量后写出。

同一批虚构名册，由本库和其他方法分别计算；每家机构、每个承担主体的金额须分毫不差，否则测量中止。N 名老人全年在册，
分属 20 个区县的 N/40 家机构，另有 N/6 名从业人员，每家机构每月一行助餐：

- `months`：每人每月一行，共 12 N 行。
- `stays`：有转院的入住记录，年内星级、能力、技能等级变动；每人每月只在一家计发。
- `shares`：按天计算、百分比、3:3:4 分担、每人每年封顶、一个资金不足的资金池。

标尺是手写 SQL：DuckDB 直接读 Parquet，只为这一份标准而写，整数分，不作任何核查。本库读同样的 Parquet 文件，
逐格逐行核查，并可事后解释每一笔金额。因此另有一行是同一 SQL 先作主要核查：编号不重复，不缺项，所引用的行和类别都有，
没有人同时在两处。每次测量各用一个进程，慢的一次，其余至多五次，取最快的一次。秒为时钟时间，
不含导入；“处理器”为各线程合计，受同机其他任务影响较小。内存为进程峰值。
""",
}
TABLE = {
    "en": ("| form | by | s | ratio | processor s | ratio | MiB | ratio |", "residents"),
    "zh": ("| 形式 | 方法 | 秒 | 倍数 | 处理器秒 | 倍数 | MiB | 倍数 |", "名老人"),
}
PARTS = {
    "en": "Of the library's time, seconds: reading Parquet, checking, calculating.",
    "zh": "本库所用时间（秒）：读取 Parquet、核查、计算。",
}
PARTS_HEAD = {
    "en": "| residents | form | read | check | calculate |",
    "zh": "| 老人数 | 形式 | 读取 | 核查 | 计算 |",
}
SMALL_HEAD = {"en": ("## Small calls", "| what | ms |"), "zh": ("## 小规模调用", "| 内容 | 毫秒 |")}
LOOP = {
    "en": "The loop with Decimal is run on the smallest roster only; its time grows with the rows.",
    "zh": "Decimal 逐行循环只在最小的名册上运行，时间随行数增长。",
}
CALLS = {"en": "That is {calls:,.0f} such calculations a second on one core.", "zh": "即单核每秒 {calls:,.0f} 次。"}
MACHINE = {
    "en": "Measured on {cores} cores ({machine}, {memory:.0f} GiB);\nPython {python}, {packages}.",
    "zh": "测量环境：{cores} 核（{machine}，{memory:.0f} GiB）；Python {python}，{packages}。",
}


def page(language: Language, figures: Figures, small: Mapping[str, float]) -> str:
    """The whole page as Markdown."""
    title, heading = SMALL_HEAD[language]
    lines = [HEAD[language]]
    for residents in dict.fromkeys(size for size, _, _ in figures):
        lines += [f"## {residents:,} {TABLE[language][1]}\n", *_table(language, figures, residents), ""]
    lines += [LOOP[language], "", PARTS[language], "", *_stations(language, figures), ""]
    lines += [title, "", heading, "|---|---:|"]
    lines += [f"| {what} | {small[name] * 1000:,.0f} |" for name, what in SMALL[language].items()]
    lines += ["", CALLS[language].format(calls=small["calls"]), "", _machine(language), ""]
    return "\n".join(lines)


def _table(language: Language, figures: Figures, residents: int) -> Iterator[str]:
    yield TABLE[language][0]
    yield "|---|---|---:|---:|---:|---:|---:|---:|"
    for form in FORMS:
        yardstick = figures[residents, form, YARDSTICK]
        for contender in CONTENDERS:
            if (one := figures.get((residents, form, contender))) is None:
                if contender != "decimal_loop":
                    yield f"| {form} | {NAMES[language][contender]} |{' – |' * 6}"
                continue
            pairs = [
                (one.seconds, yardstick.seconds, ",.2f"),
                (one.processor, yardstick.processor, ",.2f"),
                (one.peak, yardstick.peak, ",.0f"),
            ]
            cells = [cell for own, of, shape in pairs for cell in (f"{own:{shape}}", f"{own / of:.1f}")]
            yield f"| {form} | {NAMES[language][contender]} | {' | '.join(cells)} |"


def _stations(language: Language, figures: Figures) -> Iterator[str]:
    yield PARTS_HEAD[language]
    yield "|---:|---|---:|---:|---:|"
    for (residents, form, contender), one in figures.items():
        if contender == "library":
            times = " | ".join(f"{one.stations[station]:.2f}" for station in ("read", "check", "calculate"))
            yield f"| {residents:,} | {form} | {times} |"


def _machine(language: Language) -> str:
    memory = os.sysconf("SC_PAGE_SIZE") * os.sysconf("SC_PHYS_PAGES") / 2**30
    packages = ", ".join(f"{name} {version(name)}" for name in PACKAGES)
    python = platform.python_version()
    return MACHINE[language].format(
        cores=os.cpu_count(), machine=platform.machine(), memory=memory, python=python, packages=packages
    )
