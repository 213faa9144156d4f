"""What age, sex and body site tell without any picture: a baseline that a network must beat.

Multinomial logistic regression with a quadratic penalty, trained on the training part and scored on
the test part. Only columns known by name to hold age, sex or body site are looked at: never an id,
never how the diagnosis was confirmed, never another column that could name it.
"""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
import numpy.typing as npt

from server.intake.manifest import LesionImage
from server.training.evaluation.metrics import Ints
from server.training.evaluation.patient_columns import (
    UNKNOWN,
    Column,
    age_in_years,
    find_columns,
    values_of,
    with_rare_ones_joined,
)

ROLES = ("age", "sex", "body_site")
NO_COLUMNS = "The metadata hold neither age nor sex nor body site."
PENALTY = 1.0
_STEPS = 30
_CLOSE = 1e-8
Table = npt.NDArray[np.float64]


@dataclass(frozen=True, slots=True)
class MetadataAnswers:
    """What was answered from the metadata alone.

    Attributes:
        columns: the names, as the table writes them, of what was looked at.
        probabilities: [images, classes] of the test part.
    """

    columns: tuple[str, ...]
    probabilities: Table


def answer_from_metadata(
    train: Sequence[LesionImage],
    train_truth: Ints,
    test: Sequence[LesionImage],
    classes: int,
    *,
    balanced: bool,
) -> MetadataAnswers | None:
    """Answers to the test images; None when the training part has no such column.

    Args:
        balanced: answer as if all classes were equally common, as the network does.
    """
    known = find_columns(train)
    columns = [known[role] for role in ROLES if role in known]
    if not columns:
        return None
    learnt = [_Encoding.of(column) for column in columns]
    weights = fit(np.hstack([e.encode(train) for e in learnt]), train_truth, classes)
    logits = _with_constant(np.hstack([e.encode(test) for e in learnt])) @ weights
    if balanced:
        shares = np.bincount(train_truth, minlength=classes) / len(train_truth)
        logits = logits - np.log(np.maximum(shares, 1e-12))
    return MetadataAnswers(tuple(column.name for column in columns), _softmax(logits))


def fit(rows: Table, truth: Ints, classes: int, penalty: float = PENALTY) -> Table:
    """The weights, [features + 1, classes], the last row being the constants.

    Newton's method on the log-likelihood less half the penalty times the squared weights, the
    constants unpenalised; a step that does not help is halved (Bishop, "Pattern Recognition and
    Machine Learning", 2006, section 4.3.4).

    Args:
        rows: [images, features].
    """
    unique, place = np.unique(_with_constant(rows), axis=0, return_inverse=True)
    counts = np.zeros((len(unique), classes))
    np.add.at(counts, (place.ravel(), truth), 1)
    ridge = np.full((unique.shape[1], 1), penalty)
    ridge[-1] = 1e-6  # a constant added to all classes changes nothing, so one must be preferred
    weights = np.zeros((unique.shape[1], classes))
    loss = _loss(weights, unique, counts, ridge)
    for _ in range(_STEPS):
        step = _newton_step(weights, unique, counts, ridge)
        size = 1.0
        while size > 1e-6 and _loss(weights - size * step, unique, counts, ridge) > loss:
            size /= 2
        weights = weights - size * step
        before, loss = loss, _loss(weights, unique, counts, ridge)
        if before - loss <= _CLOSE * (1 + abs(loss)):
            break
    return weights


@dataclass(frozen=True, slots=True)
class _Encoding:
    """How a column becomes numbers, learnt from the training part.

    Attributes:
        middle, spread: of the ages.
        values: of the other columns, each with its own number, missing ones included.
    """

    column: Column
    middle: float
    spread: float
    values: tuple[str, ...]

    @classmethod
    def of(cls, column: Column) -> _Encoding:
        if column.role != "age":
            return cls(column, 0.0, 1.0, tuple(sorted(set(with_rare_ones_joined(column.values)))))
        ages = [years for each in column.values if (years := age_in_years(each)) is not None]
        return cls(column, float(np.mean(ages)), float(np.std(ages)) or 1.0, ())

    def encode(self, images: Sequence[LesionImage]) -> Table:
        """[images, features]: age, its square and whether it is missing; or one of the values."""
        written = values_of(images, self.column.role, self.column.name)
        if self.column.role != "age":
            named = np.array([UNKNOWN if value is None else value for value in written])
            rare = ~np.isin(named, self.values)
            named[rare] = "other" if "other" in self.values else UNKNOWN
            return np.asarray(named[:, None] == np.array(self.values), dtype=np.float64)
        years = [age_in_years(value) for value in written]
        missing = np.array([each is None for each in years], dtype=np.float64)
        scaled = np.array(
            [0.0 if each is None else (each - self.middle) / self.spread for each in years]
        )
        return np.stack([scaled, scaled**2, missing], axis=1)


def _newton_step(weights: Table, rows: Table, counts: Table, ridge: Table) -> Table:
    """[features, classes], the Hessian's answer to the gradient."""
    features, classes = weights.shape
    chances, images = _softmax(rows @ weights), counts.sum(axis=1)
    gradient = rows.T @ (chances * images[:, None] - counts) + ridge * weights
    hessian = np.zeros((features, classes, features, classes))
    for one in range(classes):
        for other in range(one + 1):
            curve = images * chances[:, one] * ((one == other) - chances[:, other])
            block = rows.T @ (rows * curve[:, None])
            hessian[:, one, :, other] = hessian[:, other, :, one] = block
    for code in range(classes):
        hessian[np.arange(features), code, np.arange(features), code] += ridge[:, 0]
    flat = hessian.reshape(features * classes, features * classes)
    return np.linalg.solve(flat, gradient.ravel()).reshape(features, classes)


def _loss(weights: Table, rows: Table, counts: Table, ridge: Table) -> float:
    logits = rows @ weights
    top = logits.max(axis=1, keepdims=True)
    whole = top[:, 0] + np.log(np.exp(logits - top).sum(axis=1))
    likelihood = (counts * logits).sum() - (counts.sum(axis=1) * whole).sum()
    return float((ridge * weights**2).sum() / 2 - likelihood)


def _softmax(logits: Table) -> Table:
    raised = np.exp(logits - logits.max(axis=1, keepdims=True))
    return np.asarray(raised / raised.sum(axis=1, keepdims=True))


def _with_constant(rows: Table) -> Table:
    return np.hstack([rows, np.ones((len(rows), 1))])
