"""The cells of an old workbook (.xls, .et) that hold an error: the reader shows them as blank.

A compound file is a small file system of sectors; its stream `Workbook` is a row of records (type, length, content).
"""

from __future__ import annotations

import struct
from collections.abc import Iterator

END = 0xFFFFFFFA  # sector numbers from here on are marks
BOUNDSHEET, FORMULA, BOOLERR, BOF, EOF = 0x85, 0x06, 0x205, 0x809, 0x0A
ERRORS = {0: "#NULL!", 7: "#DIV/0!", 15: "#VALUE!", 23: "#REF!", 29: "#NAME?", 36: "#NUM!", 42: "#N/A"}
SMALL = 4096  # shorter streams stand in small sectors


def failed_cells(data: bytes) -> Iterator[tuple[int, int, int, str]]:
    """Number of the sheet, row, column (from 0) and error of each such cell. Raises ValueError for what is no .xls."""
    stream = _workbook(data)
    starts: dict[int, int] = {}
    sheet, depth, at = -1, 0, 0
    while at + 4 <= len(stream):
        kind, length = struct.unpack_from("<HH", stream, at)
        content = stream[at + 4 : at + 4 + length]
        if kind == BOF:
            depth += 1
            sheet = starts.get(at, sheet if depth > 1 else -1)
        elif kind == EOF:
            depth -= 1
        elif kind == BOUNDSHEET and len(content) >= 4:
            starts[struct.unpack_from("<I", content)[0]] = len(starts)
        elif sheet >= 0 and kind == BOOLERR and length >= 8 and content[7]:
            row, column = struct.unpack_from("<HH", content)
            yield sheet, row, column, ERRORS.get(content[6], "#ERROR!")
        elif sheet >= 0 and kind == FORMULA and length >= 14 and content[6] == 2 and content[12:14] == b"\xff\xff":
            row, column = struct.unpack_from("<HH", content)
            yield sheet, row, column, ERRORS.get(content[8], "#ERROR!")
        at += 4 + length


def _workbook(data: bytes) -> bytes:
    """The stream of records."""
    try:
        size = 1 << struct.unpack_from("<H", data, 30)[0]
        table = _chain_table(data, size)
        directory = _stream(data, size, table, struct.unpack_from("<I", data, 48)[0])
        entries = {name: (start, length) for name, start, length in _entries(directory)}
        start, length = entries.get("Workbook") or entries["Book"]
        if length >= SMALL:
            return _stream(data, size, table, start)[:length]
        small_size = 1 << struct.unpack_from("<H", data, 32)[0]
        small = _stream(data, size, table, entries["Root Entry"][0])
        marks = _stream(data, size, table, struct.unpack_from("<I", data, 60)[0])
        small_table = list(struct.unpack(f"<{len(marks) // 4}I", marks))
        return _joined(small, small_size, small_table, start, 0)[:length]
    except (struct.error, KeyError, IndexError) as error:
        raise ValueError(str(error)) from None


def _chain_table(data: bytes, size: int) -> list[int]:
    """For each sector the one that follows it."""
    sectors = list(struct.unpack_from("<109I", data, 76))
    following = struct.unpack_from("<I", data, 68)[0]
    while following < END:
        more = struct.unpack_from(f"<{size // 4}I", data, (following + 1) * size)
        sectors += more[:-1]
        following = more[-1]
    table: list[int] = []
    for sector in sectors:
        if sector < END:
            table += struct.unpack_from(f"<{size // 4}I", data, (sector + 1) * size)
    return table


def _stream(data: bytes, size: int, table: list[int], start: int) -> bytes:
    return _joined(data, size, table, start, 1)


def _joined(data: bytes, size: int, table: list[int], start: int, before: int) -> bytes:
    """The sectors of a chain, of which a circle would be a damaged file."""
    parts: list[bytes] = []
    while start < END:
        if len(parts) > len(table):
            raise ValueError("circle of sectors")
        parts.append(data[(start + before) * size : (start + before + 1) * size])
        start = table[start]
    return b"".join(parts)


def _entries(directory: bytes) -> Iterator[tuple[str, int, int]]:
    for at in range(0, len(directory) - 127, 128):
        length = struct.unpack_from("<H", directory, at + 64)[0]
        name = directory[at : at + max(length - 2, 0)].decode("utf-16-le", "replace")
        start, size = struct.unpack_from("<II", directory, at + 116)
        yield name, start, size
