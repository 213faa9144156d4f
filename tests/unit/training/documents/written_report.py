"""A report as training writes it, with figures of drawn answers; nothing in it is random."""

from __future__ import annotations

import base64
import io
from typing import Any

import numpy as np
from PIL import Image
from sklearn import metrics

HAM10000 = ("akiec", "bcc", "bkl", "df", "mel", "nv", "vasc")


def report(labels: tuple[str, ...] = HAM10000, images: int = 400) -> dict[str, Any]:
    """A whole report of ``images`` test images."""
    random = np.random.default_rng(3)
    shares = np.linspace(1, 6, len(labels))
    truth = random.choice(len(labels), images, p=shares / shares.sum())
    truth[: len(labels)] = np.arange(len(labels))
    logits = random.normal(size=(images, len(labels))) + 1.6 * np.eye(len(labels))[truth]
    probabilities = np.exp(logits) / np.exp(logits).sum(axis=1, keepdims=True)
    answers = [
        {
            "image_id": f"IMG_{place:05d}",
            "group": f"LES_{place // 2:05d}",
            "truth": labels[truth[place]],
            "probabilities": [float(value) for value in probabilities[place]],
        }
        for place in range(images)
    ]
    matrix = metrics.confusion_matrix(truth, probabilities.argmax(axis=1))
    return {
        "format": 1,
        "model_name": "ham_small",
        "created_at": "2026-03-01T10:00:00+00:00",
        "first_line": "Tested once, at the end, on 400 images of 200 lesions never seen.",
        "notice": "Research software: not a medical device.",
        "headline": headline(truth, probabilities),
        "baselines": {
            "majority": {"answer": labels[-1], "headline": {"balanced_accuracy": 1 / len(labels)}},
            "metadata": {"none_because": "The metadata has no age, sex or site."},
        },
        "per_class": per_class(labels, truth, probabilities),
        "confusion_matrix": {"labels": list(labels), "counts": matrix.tolist()},
        "curves": curves(labels, truth, probabilities),
        "calibration": {"temperature": 1.4, "ece_before": 0.12, "ece_after": 0.03},
        "operating_point": {
            "malignant_classes": ["mel", "bcc", "akiec"],
            "wanted_sensitivity": 0.95,
            "threshold": 0.1234,
            "validation": {"sensitivity": 0.953, "specificity": 0.6},
            "test": {"sensitivity": between(0.93), "specificity": between(0.58)},
        },
        "subgroups": subgroups(),
        "mistakes": [mistake(place, labels) for place in range(6)],
        "audit": audit(),
        "test_answers": answers,
        "validation_answers": answers[:50],
        "split": {
            "grouped_by": "lesion",
            "seed": 7,
            "counts": {
                "train": {"images": 2800, "groups": 2000},
                "validation": {"images": 800, "groups": 570},
                "test": {"images": images, "groups": images // 2},
            },
        },
        "data": {"hash": "ab" * 32, "images": 4000, "layout": "ham10000", "left_out_classes": {}},
        "settings": settings(),
        "seed": 7,
        "versions": {"torch": "2.13.0", "keras": "3.15.1"},
        "recipe": {"format": 1, "device": "CPU, 2 cores", "bfloat16": True},
    }


def between(value: float) -> dict[str, float]:
    """A figure with an interval around it."""
    return {"value": value, "low": max(0.0, value - 0.06), "high": min(1.0, value + 0.05)}


def headline(truth: Any, probabilities: Any) -> dict[str, Any]:
    """The figures of the whole test part, by scikit-learn."""
    answers, codes = probabilities.argmax(axis=1), np.arange(probabilities.shape[1])
    hot = np.eye(len(codes))[truth]
    return {
        "accuracy": between(float(metrics.accuracy_score(truth, answers))),
        "balanced_accuracy": between(float(metrics.balanced_accuracy_score(truth, answers))),
        "macro_f1": between(float(metrics.f1_score(truth, answers, average="macro"))),
        "macro_auc": between(float(metrics.roc_auc_score(hot, probabilities))),
        "macro_average_precision": between(
            float(metrics.average_precision_score(hot, probabilities))
        ),
    }


def per_class(labels: tuple[str, ...], truth: Any, probabilities: Any) -> list[dict[str, Any]]:
    """A row for each class."""
    return [
        {
            "label": label,
            "support": int((truth == code).sum()),
            "lesions": int((truth == code).sum()) // 2,
            "auc": between(float(metrics.roc_auc_score(truth == code, probabilities[:, code]))),
            "average_precision": between(
                float(metrics.average_precision_score(truth == code, probabilities[:, code]))
            ),
        }
        | {
            name: between(0.7)
            for name in ("sensitivity", "specificity", "precision", "f1", "pauc_80")
        }
        for code, label in enumerate(labels)
    ]


def curves(labels: tuple[str, ...], truth: Any, probabilities: Any) -> dict[str, Any]:
    """Thinned points of each diagram."""
    roc, recall = [], []
    for code, label in enumerate(labels):
        across, up, _ = metrics.roc_curve(truth == code, probabilities[:, code])
        roc.append({"label": label, "points": np.stack([across, up], axis=1).tolist()})
        up, across, _ = metrics.precision_recall_curve(truth == code, probabilities[:, code])
        recall.append({"label": label, "points": np.stack([across, up], axis=1).tolist()})
    bins = [
        {"confidence": 0.05 + place / 10, "accuracy": place / 10, "images": 10 * place}
        for place in range(10)
    ]
    return {
        "roc": roc,
        "precision_recall": recall,
        "reliability": {"before": bins, "after": bins},
    }


def subgroups() -> list[dict[str, Any]]:
    """Results by sex and age."""
    groups = (("sex", "female", False), ("sex", "male", False), ("age", "0 to 29", True))
    return [
        {
            "column": column,
            "value": value,
            "images": 12 if small else 190,
            "lesions": 9 if small else 140,
            "small": small,
            "balanced_accuracy": between(0.6),
            "accuracy": between(0.7),
        }
        for column, value, small in groups
    ]


def mistake(place: int, labels: tuple[str, ...]) -> dict[str, Any]:
    """A confident mistake with its picture."""
    return {
        "image_id": f"IMG_{place:05d}",
        "truth": labels[0],
        "answer": labels[1],
        "probability": 0.99 - place / 100,
        "thumbnail": thumbnail(place),
    }


def audit() -> dict[str, Any]:
    """What the leak audit found: one pair with pictures, one without."""
    pair = {
        "images": ["IMG_00001", "IMG_00009"],
        "labels": ["nv", "mel"],
        "agreement": 0.71,
        "exact": False,
        "done": "tied together",
    }
    return {
        "sentences": ["Near-duplicates: 4 pairs under different lesions were tied together."],
        "images": 4000,
        "near_duplicates_across_lesions": 4,
        "leak_at_random": 0.39,
        "leak_now": 0.0,
        "pairs_across_lesions": [
            pair | {"thumbnails": [thumbnail(1), thumbnail(2)]},
            pair | {"thumbnails": []},
        ],
        "pairs_with_two_labels": [],
    }


def thumbnail(place: int) -> str:
    """A small picture inside the text."""
    file = io.BytesIO()
    Image.new("RGB", (96, 96), (200 - 10 * place, 150, 130)).save(file, "JPEG")
    return "data:image/jpeg;base64," + base64.b64encode(file.getvalue()).decode("ascii")


def settings() -> dict[str, Any]:
    """What was asked for."""
    return {
        "dataset_name": "HAM10000_small",
        "architecture": "MobileNetV2",
        "image_size": 128,
        "epochs": 30,
        "fine_tune_epochs": 8,
        "batch_size": 32,
        "learning_rate": 0.001,
        "optimizer": "adam",
        "class_balancing": True,
        "weights": "imagenet",
    }
