"""One table as text: its encoding, its delimiter, its header, and its rows one after another.

Encoding: a byte-order mark decides, else UTF-16 is known by its zeros, else UTF-8, else
Windows-1252, else Latin-1 (which reads anything). Delimiter: comma, semicolon, tab or bar,
whichever makes the header understood; the ``sep=;`` line that Excel writes is obeyed.
"""

from __future__ import annotations

import codecs
import csv
from collections.abc import Iterator
from dataclasses import dataclass
from itertools import chain
from pathlib import Path

from server.intake.column_map import Chosen
from server.intake.columns import Columns, assign
from server.intake.columns_by_hand import assigned_by_hand

MAX_TABLE_BYTES = 512 * 1024 * 1024
MAX_ROWS = 2_000_000
_DELIMITERS = (",", ";", "\t", "|")
_CHUNK = 1 << 20
_SAMPLE = 4096
_END = "\0end of the table\0"
_LONGEST_HEADER = 1 << 16
_NOT_LETTERS = "its letters cannot be decoded; save it as UTF-8"


class UnreadableTable(Exception):
    """The table cannot be read as text in columns; the text says why.

    Attributes:
        row: where, as a spreadsheet counts; None = all of it.
    """

    def __init__(self, why: str, row: int | None = None) -> None:
        super().__init__(why)
        self.row = row


@dataclass(frozen=True, slots=True)
class Table:
    """A table whose header has been read.

    Attributes:
        path: the file.
        encoding: name of the codec.
        delimiter: what stands between two cells.
        columns: what each column means.
        header_row: row of the header as a spreadsheet counts, from 1.
    """

    path: Path
    encoding: str
    delimiter: str
    columns: Columns
    header_row: int

    def rows(self) -> Iterator[tuple[int, list[str]]]:
        """Row number (as a spreadsheet shows it) and cells of every row that is not empty.

        Raises:
            UnreadableTable: when the text cannot be cut into cells, or has too many rows.
        """
        for number, cells in _records(self.path, self.encoding, self.delimiter):
            if number > MAX_ROWS:
                raise UnreadableTable(f"it has more than {MAX_ROWS:,} rows")
            if number > self.header_row and any(cell.strip() for cell in cells):
                yield number, cells


def open_table(path: Path, chosen: Chosen | None = None) -> Table:
    """Find encoding, delimiter and header.

    Args:
        chosen: what a person has said the columns mean; it counts where all of them are there.

    Raises:
        UnreadableTable: when it is empty, too large or not text.
    """
    try:
        if path.stat().st_size > MAX_TABLE_BYTES:
            raise UnreadableTable(f"it is larger than {MAX_TABLE_BYTES >> 20} MB")
        encoding = _encoding(path)
        with path.open(encoding=encoding, newline="") as text:
            start = text.read(_LONGEST_HEADER)
    except OSError as error:
        raise UnreadableTable(f"it cannot be opened ({error.strerror})") from error
    except UnicodeError as error:
        raise UnreadableTable(_NOT_LETTERS) from error
    if "\0" in start:
        raise UnreadableTable("it is not text")
    announced = _announced_delimiter(start)
    tables = [
        Table(path, encoding, delimiter, assigned_by_hand(header, chosen) or assign(header), row)
        for delimiter in ([announced] if announced else _DELIMITERS)
        for row, header in [_header(path, encoding, delimiter, skip=announced is not None)]
    ]
    return max(
        tables,
        key=lambda table: (
            table.columns.by_hand,
            table.columns.roles_found,
            len(table.columns.header),
        ),
    )


def _encoding(path: Path) -> str:
    with path.open("rb") as file:
        start = file.read(4)
        more = file.read(_SAMPLE)
    if start.startswith((codecs.BOM_UTF16_LE, codecs.BOM_UTF16_BE)):
        return "utf-16"
    if (unmarked := _utf16_without_mark(start + more)) is not None:
        return unmarked
    return next(codec for codec in ("utf-8-sig", "cp1252", "latin-1") if _decodes(path, codec))


def _utf16_without_mark(sample: bytes) -> str | None:
    """Every second byte of Western text in UTF-16 is zero; which one tells the order."""
    letters = len(sample) // 2
    for codec, zeros in (("utf-16-le", sample[1::2]), ("utf-16-be", sample[0::2])):
        others = sample.count(0) - zeros.count(0)
        if letters > 1 and 2 * zeros.count(0) > letters and others == 0:
            return codec
    return None


def _decodes(path: Path, codec: str) -> bool:
    decoder = codecs.getincrementaldecoder(codec)()
    with path.open("rb") as file:
        try:
            while chunk := file.read(_CHUNK):
                decoder.decode(chunk)
            decoder.decode(b"", final=True)
        except UnicodeDecodeError:
            return False
    return True


def _announced_delimiter(start: str) -> str | None:
    first = start.split("\n", 1)[0].strip("\r").strip('"')
    return first[4] if first.lower().startswith("sep=") and len(first) == len("sep=;") else None


def _header(path: Path, encoding: str, delimiter: str, *, skip: bool) -> tuple[int, list[str]]:
    for number, cells in _records(path, encoding, delimiter):
        if any(cell.strip() for cell in cells) and not (skip and number == 1):
            return number, cells
    raise UnreadableTable("it is empty")


def _never_closed(number: int) -> str:
    return f"the quotation mark that opens in row {number} is never closed; close it or remove it"


def _records(path: Path, encoding: str, delimiter: str) -> Iterator[tuple[int, list[str]]]:
    try:
        with path.open(encoding=encoding, newline="") as text:
            # a quotation mark that is never closed swallows the end mark with the rows before it
            lines = chain(text, (_END,))
            for number, cells in enumerate(csv.reader(lines, delimiter=delimiter), start=1):
                if cells == [_END]:
                    return
                if cells and cells[-1].endswith(_END):
                    raise UnreadableTable(_never_closed(number), number)
                yield number, cells
    except csv.Error as error:
        raise UnreadableTable(f"it cannot be cut into cells ({error})") from error
    except UnicodeError as error:
        raise UnreadableTable(_NOT_LETTERS) from error
    except OSError as error:
        raise UnreadableTable(f"it cannot be read ({error.strerror})") from error
