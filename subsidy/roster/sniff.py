"""What a file is by its first bytes, whatever its name ends in."""

from __future__ import annotations

import io
import re
import zipfile
from pathlib import Path
from typing import Literal

from subsidy.finding import RosterError, Text
from subsidy.roster.raw import refused_file

Kind = Literal["xlsx", "xlsb", "ods", "xls", "text"]
COMPOUND = b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1"
ZIP = b"PK\x03\x04"
_ENCRYPTED = "EncryptedPackage".encode("utf-16-le")
_PARTS: dict[str, Kind] = {"xl/workbook.xml": "xlsx", "xl/workbook.bin": "xlsb", "content.xml": "ods"}
_MARKUP = re.compile(rb"\s*<(!doctype html|html|head|table|meta|\?xml)", re.IGNORECASE)


def kind_of(path: Path, data: bytes) -> Kind:
    """The kind of a workbook, or text. Raises RosterError for what is empty, incomplete, protected or a web page."""
    if not data.strip():
        raise _refused(path, "empty-file", "文件是空的", "this file is empty", "请重新导出", "export it again")
    if data.startswith(ZIP):
        return _kind_of_archive(path, data)
    if data.startswith(COMPOUND):
        if _ENCRYPTED in data:
            raise protected(path)
        return "xls"
    if _MARKUP.match(data.removeprefix(b"\xef\xbb\xbf")):
        raise _refused(
            path,
            "web-page",
            "这是网页（HTML/XML），不是工作簿，虽然可以用 Excel 打开",
            "this is a web page (HTML or XML) and no workbook, though Excel opens it",
            "请用 Excel 或 WPS 打开后另存为 .xlsx",
            "open it in Excel or WPS and save it as .xlsx",
        )
    return "text"


def _kind_of_archive(path: Path, data: bytes) -> Kind:
    try:
        with zipfile.ZipFile(io.BytesIO(data)) as archive:
            names = archive.namelist()
    except (zipfile.BadZipFile, OSError):
        raise incomplete(path) from None
    kind = next((kind for part, kind in _PARTS.items() if part in names), None)
    if kind is None:
        raise _refused(
            path, "not-a-roster", "这是压缩包，不是工作簿", "this is an archive and no workbook",
            "请解压后给出其中的工作簿", "unpack it and give the workbook in it",
        )  # fmt: skip
    return kind


def protected(path: Path) -> RosterError:
    return _refused(
        path, "password", "文件有打开密码", "this file is protected by a password",
        "请取消密码后另存", "remove the password and save it",
    )  # fmt: skip


def incomplete(path: Path) -> RosterError:
    return _refused(
        path, "incomplete-file", "文件不完整或已损坏", "this file is incomplete or damaged",
        "请重新复制或下载，或用 Excel 打开修复后另存", "copy or download it again, or let Excel repair and save it",
    )  # fmt: skip


def not_a_workbook(path: Path) -> RosterError:
    return _refused(
        path, "text-file", "这是文本文件，不是工作簿", "this is a text file and no workbook",
        "请用 Excel 或 WPS 打开后另存为 .xlsx；CSV 文件请以 .csv 结尾",
        "open it in Excel or WPS and save it as .xlsx; let a CSV file end in .csv",
    )  # fmt: skip


def _refused(path: Path, code: str, zh: str, en: str, fix_zh: str, fix_en: str) -> RosterError:
    return refused_file(path, code, Text(zh, en), Text(fix_zh, fix_en))
