"""The files of the documentation that are made from the program: JSON Schemas and the data dictionary.

python -m subsidy.report.generated docs
"""

from __future__ import annotations

import json
import sys
from pathlib import Path
from typing import Any

from subsidy.budget.drivers import drivers_schema
from subsidy.dictionary.json_schema import json_schemas
from subsidy.report.dictionary import page
from subsidy.schedule.load import json_schema


def generated() -> dict[str, str]:
    """By path within `docs`, what each file holds."""
    schemas = {"schedule.schema.json": json_schema(), "schemas/drivers.json": drivers_schema()}
    schemas |= {f"schemas/{command}.json": schema for command, schema in json_schemas().items()}
    pages = {"data-dictionary.md": page("en"), "data-dictionary.zh.md": page("zh")}
    return {path: _written(schema) for path, schema in schemas.items()} | pages


def _written(schema: dict[str, Any]) -> str:
    return json.dumps(schema, ensure_ascii=False, indent=2) + "\n"


def main(folder: Path) -> None:
    for path, content in generated().items():
        target = folder / path
        target.parent.mkdir(exist_ok=True)
        target.write_text(content, encoding="utf-8")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
