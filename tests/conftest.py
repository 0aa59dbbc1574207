"""Fixtures that several test files share."""

from __future__ import annotations

import functools
import gc
import importlib.util
import logging
import os
import shutil
import signal
from collections.abc import Callable, Iterator
from pathlib import Path
from typing import Any

import duckdb
import pytest
import typer.testing
from hypothesis import settings

from subsidy import sql
from subsidy.engine.database import Query
from subsidy.engine.few_rows import FewRows

settings.register_profile("exact", deadline=None)  # what counts is the answer; a busy machine may be slow
settings.load_profile("exact")
gc.set_threshold(50_000)  # queries are trees of many small objects, which last as long as their plans
typer.testing._get_command = functools.cache(typer.testing._get_command)  # it makes all commands for every line

THOROUGH = bool(os.environ.get("CHECK_ALL"))
LONG = ("test_engine_equals_oracle", "test_xian")  # files of few, long tests, or late in the alphabet
Rows = list[tuple[Any, ...]]
Engine = Callable[[sql.Sql], Rows]


@pytest.fixture(scope="session")
def spark(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Any]:
    """One local Spark session for the whole run; skips where Java or pyspark is missing."""
    if importlib.util.find_spec("pyspark") is None:
        pytest.skip("Spark is not tested: pyspark is not installed (pip install 'subsidy[spark]')")
    java_home = os.environ.get("JAVA_HOME")
    if not shutil.which("java") and not (java_home and (Path(java_home) / "bin" / "java").exists()):
        pytest.skip("Spark is not tested: Java is not installed")
    from pyspark.sql import SparkSession

    settings = {
        "spark.ui.enabled": "false",
        "spark.ui.showConsoleProgress": "false",
        "spark.sql.ansi.enabled": "true",
        "spark.sql.shuffle.partitions": "1",
        "spark.sql.session.timeZone": "UTC",
        "spark.sql.warehouse.dir": str(tmp_path_factory.mktemp("warehouse")),
        "spark.driver.bindAddress": "127.0.0.1",
        "spark.driver.host": "127.0.0.1",
        "spark.log.level": "OFF",
        "spark.driver.extraJavaOptions": "-XX:TieredStopAtLevel=1 -XX:+UseSerialGC",  # too short-lived for more
    }
    if not THOROUGH:  # a handful of rows is sooner interpreted than compiled
        settings |= {
            "spark.sql.codegen.wholeStage": "false",
            "spark.sql.codegen.factoryMode": "NO_CODEGEN",
            "spark.sql.adaptive.enabled": "false",
        }
    builder = SparkSession.builder.master("local[1]").appName("subsidy-tests")
    for key, value in settings.items():
        builder = builder.config(key, value)
    interrupt = signal.getsignal(signal.SIGINT)
    session = builder.getOrCreate()
    signal.signal(signal.SIGINT, interrupt)  # Spark's own handler fails once the session has ended
    session.sparkContext.setLogLevel("OFF")
    logging.getLogger("SQLQueryContextLogger").disabled = True  # it prints every refusal
    yield session
    session.stop()


@pytest.fixture(scope="session", params=["duckdb", "sqlite", "spark"])
def engine(request: pytest.FixtureRequest) -> Engine:
    """Runs a query tree on DuckDB, on SQLite, then on Spark: the rows as plain tuples."""
    if request.param == "duckdb":
        connection = duckdb.connect()
        return lambda query: connection.execute(sql.printed(query, "duckdb")).fetchall()
    if request.param == "sqlite":
        return lambda query: FewRows().rows(Query(query))
    session = request.getfixturevalue("spark")
    return lambda query: [tuple(row) for row in session.sql(sql.printed(query, "spark")).collect()]


def pytest_collection_modifyitems(config: pytest.Config, items: list[pytest.Item]) -> None:
    """On Spark, of the many operations only those marked `everyday` are tested each time; all of them in check-all."""
    if not THOROUGH:
        left_out = [item for item in items if _is_on_spark(item.nodeid) and not item.get_closest_marker("everyday")]
        config.hook.pytest_deselected(items=left_out)
        items[:] = [item for item in items if item not in left_out]
    items.sort(key=lambda item: not _is_on_spark(item.nodeid) and item.path.stem not in LONG)


def pytest_collection_finish() -> None:
    gc.freeze()  # what is imported stays, and need not be looked through


def _is_on_spark(test: str) -> bool:
    of_sql = "test_sql_operations.py::" in test or "test_sql_cells.py::" in test
    return "test_spark.py::" in test or (of_sql and "[spark" in test)


@pytest.hookimpl(optionalhook=True)
def pytest_xdist_make_scheduler(config: pytest.Config, log: Any) -> Any:
    """Of several processes each takes a file at a time; one takes all that needs Spark, so that one session is enough.

    With `--no-loadscope-reorder` the long files are taken first, and nobody waits for them in the end.
    """
    from xdist.scheduler import LoadFileScheduling

    class ByFile(LoadFileScheduling):
        def _split_scope(self, nodeid: str) -> str:
            return "spark" if _is_on_spark(nodeid) else super()._split_scope(nodeid)

    return ByFile(config, log)
