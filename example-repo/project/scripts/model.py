"""A small naive Bayes classifier over words and how a text begins."""

import csv
import math
import re
from collections import Counter
from typing import NamedTuple


class Row(NamedTuple):
    """A message; weight: how much it counts in training."""

    text: str
    label: str
    weight: float = 1.0


def read(path: str, weights: dict[str, float] | None = None) -> list[Row]:
    """Return the messages of a split; weights: by id, none means that all count the same."""
    with open(path, newline="", encoding="utf-8") as file:
        return [
            Row(row["text"], row["label"], 1.0 if weights is None else weights[row["id"]])
            for row in csv.DictReader(file)
        ]


def read_weights(path: str) -> dict[str, float]:
    """Return the weight of each item, as `labelmeta annotations export` wrote it, scaled to mean 1.

    Smoothing then counts as much beside them as it does without weights.
    """
    with open(path, newline="", encoding="utf-8") as file:
        told = {row["item"]: float(row["weight"]) for row in csv.DictReader(file)}
    mean = sum(told.values()) / len(told)
    return {item: weight / mean for item, weight in told.items()}


def features(text: str) -> list[str]:
    """Return the words once each, how the text begins, and whether it asks or exclaims."""
    words = re.findall(r"[a-z']+|[?!]", text.lower()) or [""]
    begins = {f"^{words[0]}", f"^{' '.join(words[:2])}"}
    return sorted({*words, *begins, "asks" if "?" in words else "does not ask"})


def fit(rows: list[Row], alpha: float) -> dict:
    """Return the model: the log of each label's share, and of each feature's share in a label.

    A message counts as often as its weight says.
    """
    labels = sorted({row.label for row in rows})
    counts = {label: Counter() for label in labels}
    sizes = Counter()
    for text, label, weight in rows:
        sizes[label] += weight
        for feature in features(text):
            counts[label][feature] += weight
    known = sorted({feature for counter in counts.values() for feature in counter})
    totals = {label: sum(counts[label].values()) + alpha * len(known) for label in labels}
    whole = sum(sizes.values())
    return {
        "alpha": alpha,
        "prior": {label: round(math.log(sizes[label] / whole), 6) for label in labels},
        "weights": {
            feature: {
                label: round(math.log((counts[label][feature] + alpha) / totals[label]), 6)
                for label in labels
            }
            for feature in known
        },
    }


def predict(model: dict, text: str) -> str:
    """Return the label with the highest score; unknown features say nothing."""
    weights = [model["weights"][f] for f in features(text) if f in model["weights"]]
    scores = {
        label: round(prior + sum(weight[label] for weight in weights), 6)
        for label, prior in model["prior"].items()
    }
    return max(sorted(scores), key=scores.__getitem__)


def accuracy(model: dict, rows: list[Row]) -> float:
    """Return the share of rows that get their own label."""
    return sum(predict(model, row.text) == row.label for row in rows) / len(rows)
