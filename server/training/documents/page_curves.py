"""Sections of the page: ROC and precision–recall for each class, reliability before and after."""

from __future__ import annotations

from typing import Any

from server.training.documents.charts import (
    Point,
    bars,
    curve,
    diagonal,
    dots,
    level,
    unit_square,
)
from server.training.documents.facts import calibration_words
from server.training.documents.markup import Markup, join, tag
from server.training.documents.reading import (
    Estimate,
    Fields,
    count,
    estimate,
    fields,
    items,
    number,
)


def curves_section(report: Fields) -> Markup | None:
    """One small diagram a class, so that no two lines have to be told apart by colour."""
    curves = fields(report.get("curves"))
    rows = {str(row.get("label")): row for row in map(fields, items(report.get("per_class")))}
    total = sum(count(row.get("support")) for row in rows.values())
    roc = [
        _roc(label, points, estimate(rows.get(label, {}).get("auc")))
        for label, points in _by_class(curves.get("roc"), ("false_positive_rate", "fpr", "x"))
    ]
    recall = [
        _precision_recall(label, points, rows.get(label, {}), total)
        for label, points in _by_class(curves.get("precision_recall"), ("recall", "x"))
    ]
    if not roc and not recall:
        return None
    return join(
        [
            tag("p", "Each class against all others. Dashed: what guessing gives.", class_="note"),
            tag("h3", "ROC: sensitivity against 1 − specificity"),
            tag("div", roc, class_="charts"),
            tag("h3", "Precision against sensitivity, with average precision (AP)"),
            tag("div", recall, class_="charts"),
        ]
    )


def reliability_section(report: Fields) -> Markup | None:
    """How often an answer of a certain confidence is right, as trained and after scaling."""
    reliability = fields(fields(report.get("curves")).get("reliability"))
    found = fields(report.get("calibration"))
    shown = [
        _reliability(name, _bins(reliability.get(key)), estimate(found.get(f"ece_{key}")))
        for key, name in (("before", "As trained"), ("after", "Calibrated"))
        if _bins(reliability.get(key))
    ]
    if not shown and not found:
        return None
    note = (
        "A dot is the share of right answers among those of about that confidence; on the dashed "
        "line the network knows how sure it may be. Bars: share of the images."
    )
    fitted = number(found.get("temperature")) is not None
    scaled = f" Calibrated: {calibration_words(found)}, fitted on validation." if fitted else ""
    return join(
        [
            tag("p", note + scaled, class_="note"),
            tag("div", shown, class_="charts wide"),
        ]
    )


def _roc(label: str, points: list[Point], area: Estimate) -> Markup:
    about = f"AUC {area.whole}"
    marks = [diagonal(), curve(points)]
    axes = ("1 − specificity", "sensitivity")
    return _figure(label, about, unit_square(f"ROC of {label}", about, axes, marks))


def _precision_recall(label: str, points: list[Point], row: Fields, total: int) -> Markup:
    about = f"AP {estimate(row.get('average_precision')).whole}"
    share = count(row.get("support")) / total if total else 0.0
    marks = [level(share), curve(points)]
    axes = ("sensitivity", "precision")
    name = f"Precision and sensitivity of {label}"
    return _figure(label, about, unit_square(name, about, axes, marks))


def _reliability(name: str, bins: list[tuple[float, float, float]], error: Estimate) -> Markup:
    about = f"expected calibration error {error.whole}"
    whole = sum(images for _, _, images in bins) or 1.0
    points = [(confidence, share) for confidence, share, images in bins if images]
    heights = [images / whole for _, _, images in bins]
    marks = [*bars(heights), diagonal(), curve(points), *dots(points)]
    axes = ("confidence", "share that is right")
    return _figure(name, about, unit_square(f"Reliability, {name.lower()}", about, axes, marks))


def _figure(name: str, about: str, diagram: Markup) -> Markup:
    return tag("figure", tag("figcaption", tag("strong", name), " ", about), diagram)


def _by_class(found: Any, across: tuple[str, ...]) -> list[tuple[str, list[Point]]]:
    """Class and the points of its curve."""
    if isinstance(found, dict):
        rows = list(found.items())
    else:
        rows = [(row.get("label"), row.get("points", row)) for row in map(fields, items(found))]
    return [(str(label), points) for label, each in rows if (points := _points(each, across))]


def _points(found: Any, across: tuple[str, ...]) -> list[Point]:
    up = ("true_positive_rate", "tpr", "sensitivity", "precision", "y")
    if isinstance(found, dict):
        xs, ys = _first(found, across), _first(found, up)
        pairs = list(zip(items(xs), items(ys), strict=False))
    else:
        pairs = [_pair(point, across, up) for point in items(found)]
    return [
        (x, y) for a, b in pairs if (x := number(a)) is not None and (y := number(b)) is not None
    ]


def _pair(point: Any, across: tuple[str, ...], up: tuple[str, ...]) -> tuple[Any, Any]:
    if isinstance(point, dict):
        return _first(point, across), _first(point, up)
    return (point[0], point[1]) if isinstance(point, list | tuple) and len(point) > 1 else (None, 0)


def _first(found: Fields, names: tuple[str, ...]) -> Any:
    return next((found[name] for name in names if name in found), None)


def _bins(found: Any) -> list[tuple[float, float, float]]:
    """Mean confidence, share of right answers and number of images of each bin."""
    rows = []
    for row in map(fields, items(fields(found).get("bins") or found)):
        confidence = number(_first(row, ("confidence", "mean_confidence"))) or 0.0
        right = number(_first(row, ("accuracy", "share_right", "right"))) or 0.0
        rows.append((confidence, right, number(_first(row, ("images", "count", "n"))) or 0.0))
    return rows
