"""From three annotators to one label: keep what at least two of them agree on."""

import csv
from collections import Counter

ANNOTATORS = ("a01", "a02", "a03")


def main() -> None:
    """Read raw/annotations.csv, write data/train.csv."""
    with open("raw/annotations.csv", newline="", encoding="utf-8") as file:
        rows = list(csv.DictReader(file))
    kept = []
    for row in rows:
        label, votes = Counter(row[name] for name in ANNOTATORS).most_common(1)[0]
        if votes > 1:
            kept.append((row["id"], row["text"], label))
    with open("data/train.csv", "w", newline="", encoding="utf-8") as file:
        writer = csv.writer(file, lineterminator="\n")
        writer.writerow(("id", "text", "label"))
        writer.writerows(kept)
    print(f"kept {len(kept)} of {len(rows)} messages: two of three annotators agree")


if __name__ == "__main__":
    main()
