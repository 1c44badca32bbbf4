"""A small naive Bayes classifier over words and how a text begins."""

import csv
import math
import re
from collections import Counter

Row = tuple[str, str]


def read(path: str) -> list[Row]:
    """Return the text and the label of every row."""
    with open(path, newline="", encoding="utf-8") as file:
        return [(row["text"], row["label"]) for row in csv.DictReader(file)]


def features(text: str) -> list[str]:
    """Return the words once each, how the text begins, and whether it asks or exclaims."""
    words = re.findall(r"[a-z']+|[?!]", text.lower()) or [""]
    begins = {f"^{words[0]}", f"^{' '.join(words[:2])}"}
    return sorted({*words, *begins, "asks" if "?" in words else "does not ask"})


def fit(rows: list[Row], alpha: float) -> dict:
    """Return the model: the log of each label's share, and of each feature's share in a label."""
    labels = sorted({label for _, label in rows})
    counts = {label: Counter() for label in labels}
    for text, label in rows:
        counts[label].update(features(text))
    known = sorted({feature for counter in counts.values() for feature in counter})
    sizes = Counter(label for _, label in rows)
    totals = {label: sum(counts[label].values()) + alpha * len(known) for label in labels}
    return {
        "alpha": alpha,
        "prior": {label: round(math.log(sizes[label] / len(rows)), 6) for label in labels},
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
    return sum(predict(model, text) == label for text, label in rows) / len(rows)
