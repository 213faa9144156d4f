"""HTML and SVG made of escaped parts: text can never become markup."""

from __future__ import annotations

import html
from collections.abc import Iterable
from typing import TypeAlias


class Markup(str):
    """Text that is markup already and is not escaped again."""

    __slots__ = ()


Child: TypeAlias = "str | int | float | Iterable[Child] | None"

_VOID = frozenset({"img", "br", "hr", "meta", "line", "path", "rect", "circle", "polyline"})


def tag(name: str, /, *children: Child, **attributes: str | float | None) -> Markup:
    """One element.

    Args:
        children: text, which is escaped; ``Markup``, which is kept; None, which is left out; or
            several of these.
        attributes: ``class_`` becomes ``class`` and ``aria_label`` ``aria-label``; None is left
            out; every value is escaped.
    """
    names = "".join(
        f' {key.rstrip("_").replace("_", "-")}="{html.escape(_plain(value), quote=True)}"'
        for key, value in attributes.items()
        if value is not None
    )
    if name in _VOID:
        return Markup(f"<{name}{names}/>")
    return Markup(f"<{name}{names}>{join(children)}</{name}>")


def join(parts: Child) -> Markup:
    """Parts side by side, each escaped unless it is markup."""
    if parts is None:
        return Markup("")
    if isinstance(parts, Markup):
        return parts
    if isinstance(parts, str | int | float):
        return Markup(html.escape(_plain(parts), quote=True))
    return Markup("".join(join(part) for part in parts))


def _plain(value: str | float) -> str:
    return f"{value:.2f}".rstrip("0").rstrip(".") if isinstance(value, float) else str(value)
