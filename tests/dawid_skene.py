"""Dawid and Skene's method in plain loops, and the data of their paper, to test ours against."""

from __future__ import annotations

from collections import Counter, defaultdict
from math import prod

Vote = tuple[str, str, str]  # item, annotator, label

# Table 1 of Dawid and Skene (1979): 45 patients in order; the first observer saw each three times
ANAESTHETISTS = """
11111 11 33343 34 11221 22 22231 21 22232 22 22233 22 12221 11 33334 33 22222 23 23222 23
44444 44 22233 43 11111 11 22232 12 12111 11 11121 11 11111 11 11111 11 22222 21 22213 22
22222 22 22222 21 22232 22 22122 22 11111 11 11111 11 23222 22 11111 11 11111 11 11211 21
11111 11 33332 33 11111 11 22222 22 22232 32 43343 43 22122 32 23232 33 33334 32 11111 11
11111 11 12121 11 23222 22 12111 11 22222 22
"""


def anaesthetists() -> list[Vote]:
    """Return the 315 votes of the paper's table."""
    words = ANAESTHETISTS.split()
    rows = [a + b for a, b in zip(words[::2], words[1::2], strict=True)]
    return [
        (f"p{number:02}", observer, label)
        for number, row in enumerate(rows, 1)
        for observer, label in zip("1112345", row, strict=True)
    ]


def fit(votes: list[Vote], rounds: int) -> dict[str, dict[str, float]]:
    """Return {item: {label: probability}} after so many rounds of EM."""
    labels = sorted({label for _, _, label in votes})
    by_item: defaultdict[str, list[tuple[str, str]]] = defaultdict(list)
    for item, who, label in votes:
        by_item[item].append((who, label))
    found = {}
    for item, given in by_item.items():
        times = Counter(label for _, label in given)
        found[item] = {label: times[label] / len(given) for label in labels}
    for _ in range(rounds):
        prior = {j: sum(one[j] for one in found.values()) / len(found) for j in labels}
        sums: defaultdict[tuple[str, str, str], float] = defaultdict(float)
        for item, who, label in votes:
            for j in labels:
                sums[who, j, label] += found[item][j]
        totals: defaultdict[tuple[str, str], float] = defaultdict(float)
        for (who, j, _), value in sums.items():
            totals[who, j] += value
        for item, given in by_item.items():
            likely = {
                j: prior[j]
                * prod(
                    sums[who, j, label] / totals[who, j] if totals[who, j] else 0
                    for who, label in given
                )
                for j in labels
            }
            whole = sum(likely.values())
            found[item] = {j: value / whole for j, value in likely.items()}
    return found
