"""A finished measurement: a table for people, JSON for programs, and the machine it was made on."""

from __future__ import annotations

import json
import os
import platform
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from importlib.metadata import PackageNotFoundError, version
from pathlib import Path
from typing import Any

FOLDER = Path(__file__).resolve().parent / "results"
_PACKAGES = ("torch", "keras", "numpy", "pillow")


@dataclass(slots=True)
class Results:
    """One command's outcome.

    Attributes:
        name: of the files, such as ``step``.
        heading: what the table shows, and all that a reader must know before believing it.
        columns: of the table.
        rows: what stands in it.
        notes: sentences under it.
        data: every measurement, as plain JSON.
    """

    name: str
    heading: str
    columns: Sequence[str]
    rows: list[Sequence[object]] = field(default_factory=list)
    notes: list[str] = field(default_factory=list)
    data: dict[str, Any] = field(default_factory=dict)

    def markdown(self) -> str:
        """Heading, machine, table and notes."""
        parts = [f"# {self.heading}", _machine_sentence(machine()), table(self.columns, self.rows)]
        parts += [f"- {note}" for note in self.notes]
        return "\n\n".join(parts[:3]) + ("\n\n" + "\n".join(parts[3:]) if self.notes else "") + "\n"

    def save(self, folder: Path = FOLDER) -> tuple[Path, Path]:
        """Write ``<name>.md`` and ``<name>.json`` into ``folder``; returns both."""
        folder.mkdir(parents=True, exist_ok=True)
        page, raw = folder / f"{self.name}.md", folder / f"{self.name}.json"
        page.write_text(self.markdown(), "utf-8")
        content = {
            "name": self.name,
            "heading": self.heading,
            "made_at": datetime.now(UTC).isoformat(timespec="seconds"),
            "machine": machine(),
            "columns": list(self.columns),
            "rows": [[str(cell) for cell in row] for row in self.rows],
            "notes": self.notes,
            "data": self.data,
        }
        text = json.dumps(content, indent=1, ensure_ascii=False) + "\n"
        raw.write_text(text, "utf-8")
        return page, raw

    def show_and_save(self, folder: Path | None) -> None:
        """Print the table and say where it was put."""
        print(f"\n{self.markdown()}", flush=True)
        for path in self.save(folder or FOLDER):
            print(f"Written: {path}", flush=True)


def table(columns: Sequence[str], rows: Sequence[Sequence[object]]) -> str:
    """A Markdown table, its columns aligned for those who read it as text; numbers to the right."""
    cells = [list(columns), *[[str(cell) for cell in row] for row in rows]]
    widths = [max(3, *(len(row[place]) for row in cells)) for place in range(len(columns))]

    def line(row: Sequence[str]) -> str:
        padded = [
            cell.ljust(width) if place == 0 else cell.rjust(width)
            for place, (cell, width) in enumerate(zip(row, widths, strict=True))
        ]
        return f"| {' | '.join(padded)} |"

    rule = [
        "-" * width if place == 0 else "-" * (width - 1) + ":" for place, width in enumerate(widths)
    ]
    return "\n".join([line(cells[0]), line(rule), *map(line, cells[1:])])


def machine() -> dict[str, Any]:
    """Processor, cores, memory, GPU, system and versions; nothing that names the computer."""
    found: dict[str, Any] = {
        "processor": _processor(),
        "cores": len(os.sched_getaffinity(0))
        if hasattr(os, "sched_getaffinity")
        else os.cpu_count(),
        "memory_gb": round(_memory() / 1e9, 1),
        "gpu": _gpu(),
        "system": platform.system(),
        "python": platform.python_version(),
        "versions": _versions(_PACKAGES),
    }
    return found


def _machine_sentence(found: Mapping[str, Any]) -> str:
    versions = ", ".join(f"{name} {number}" for name, number in found["versions"].items())
    gpu = f"{found['gpu']}; " if found["gpu"] else ""
    return (
        f"{gpu}{found['processor']}, {found['cores']} cores, {found['memory_gb']} GB of memory, "
        f"{found['system']}; Python {found['python']}, {versions}. "
        f"{datetime.now(UTC).date().isoformat()}."
    )


def _processor() -> str:
    try:
        lines = Path("/proc/cpuinfo").read_text("utf-8").splitlines()
    except OSError:
        return platform.processor() or platform.machine()
    names = [line.split(":", 1)[1].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.machine()


def _memory() -> int:
    import psutil

    return int(psutil.virtual_memory().total)


def _gpu() -> str | None:
    import torch

    return str(torch.cuda.get_device_name()) if torch.cuda.is_available() else None


def _versions(packages: Sequence[str]) -> dict[str, str]:
    found = {}
    for package in packages:
        try:
            found[package] = version(package)
        except PackageNotFoundError:
            continue
    return found
