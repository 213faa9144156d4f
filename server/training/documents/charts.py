"""Diagrams as inline SVG. Colours come from the page's style, so they follow light and dark."""

from __future__ import annotations

from collections.abc import Sequence

from server.training.documents.markup import Markup, tag
from server.training.documents.reading import Estimate

Point = tuple[float, float]

_SIDE = 200.0
_LEFT, _TOP, _RIGHT, _BOTTOM = 38.0, 8.0, 10.0, 34.0


def unit_square(
    name: str, about: str, axes: tuple[str, str], marks: Sequence[Markup | None]
) -> Markup:
    """A square from 0 to 1 with its axes, ``marks`` inside, and ``about`` for those who cannot see.

    Args:
        axes: what goes right and what goes up.
    """
    width, height = _LEFT + _SIDE + _RIGHT, _TOP + _SIDE + _BOTTOM
    grid = [
        part
        for at in (0.0, 0.25, 0.5, 0.75, 1.0)
        for part in (
            tag("line", class_="grid", x1=_x(at), x2=_x(at), y1=_y(0), y2=_y(1)),
            tag("line", class_="grid", x1=_x(0), x2=_x(1), y1=_y(at), y2=_y(at)),
        )
    ]
    ticks = [
        part
        for at in (0.0, 0.5, 1.0)
        for part in (
            tag("text", f"{at:g}", class_="tick", x=_x(at), y=_y(0) + 13, text_anchor="middle"),
            tag("text", f"{at:g}", class_="tick", x=_LEFT - 5, y=_y(at) + 3.5, text_anchor="end"),
        )
    ]
    right = tag("text", axes[0], class_="axis", x=_x(0.5), y=height - 6, text_anchor="middle")
    up = tag(
        "text",
        axes[1],
        class_="axis",
        text_anchor="middle",
        transform=f"translate(9 {_y(0.5):.1f}) rotate(-90)",
    )
    return tag(
        "svg",
        tag("title", name),
        tag("desc", about),
        grid,
        ticks,
        right,
        up,
        list(marks),
        class_="chart",
        viewBox=f"0 0 {width:g} {height:g}",
        role="img",
        aria_label=f"{name}. {about}",
    )


def curve(points: Sequence[Point], style: str = "curve") -> Markup:
    """A line through points in the unit square."""
    placed = " ".join(f"{_x(x):.1f},{_y(y):.1f}" for x, y in points)
    return tag("polyline", class_=style, points=placed)


def diagonal() -> Markup:
    """What chance gives, or perfect calibration."""
    return curve([(0, 0), (1, 1)], "chance")


def level(height: float) -> Markup:
    """A horizontal line of reference."""
    return curve([(0, height), (1, height)], "chance")


def bars(heights: Sequence[float]) -> list[Markup]:
    """Bars of equal width from left to right, each height in [0, 1]."""
    width = _SIDE / max(1, len(heights))
    return [
        tag(
            "rect",
            class_="bin",
            x=_LEFT + place * width + 0.5,
            y=_y(height),
            width=width - 1,
            height=height * _SIDE,
        )
        for place, height in enumerate(heights)
    ]


def dots(points: Sequence[Point]) -> list[Markup]:
    """A dot at each point."""
    return [tag("circle", class_="dot", cx=_x(x), cy=_y(y), r=3) for x, y in points]


def whisker(
    name: str,
    figure: Estimate,
    marks: Sequence[tuple[str, Estimate]] = (),
    hollow: bool = False,
) -> Markup:
    """A figure and its interval on a scale from 0 to 1.

    Args:
        marks: figures to compare with, each a style and a figure; an interval becomes a band.
        hollow: it rests on few lesions.
    """
    width, middle = 240.0, 9.0
    placed = [_beside(style, mark, width) for style, mark in marks if mark.value is not None]
    line = dot = None
    if figure.low is not None and figure.high is not None:
        line = tag(
            "line",
            class_="whisker",
            x1=figure.low * width,
            x2=figure.high * width,
            y1=middle,
            y2=middle,
        )
    if figure.value is not None:
        style = "dot hollow" if hollow else "dot"
        dot = tag("circle", class_=style, cx=figure.value * width, cy=middle, r=4.5)
    return tag(
        "svg",
        tag("title", f"{name}: {figure.whole}"),
        tag("line", class_="track", x1=0, x2=width, y1=middle, y2=middle),
        placed,
        line,
        dot,
        class_="strip",
        viewBox=f"-6 0 {width + 12:g} 18",
        role="img",
        aria_label=f"{name}: {figure.whole}",
    )


def _beside(style: str, mark: Estimate, width: float) -> list[Markup]:
    at = (mark.value or 0.0) * width
    line = tag("line", class_=style, x1=at, x2=at, y1=2, y2=16)
    if mark.low is None or mark.high is None:
        return [line]
    low, high = mark.low * width, mark.high * width
    return [tag("rect", class_=f"{style} band", x=low, y=5, width=high - low, height=8), line]


def _x(value: float) -> float:
    return _LEFT + _SIDE * min(1.0, max(0.0, value))


def _y(value: float) -> float:
    return _TOP + _SIDE * (1.0 - min(1.0, max(0.0, value)))
