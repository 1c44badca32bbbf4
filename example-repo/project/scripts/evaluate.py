"""Measure model.json on data/test.csv."""

import json

from model import accuracy, predict, read


def main() -> None:
    """Write metrics.json."""
    with open("model.json", encoding="utf-8") as file:
        model = json.load(file)
    rows = read("data/test.csv")
    recall = {
        label: round(accuracy(model, [row for row in rows if row.label == label]), 3)
        for label in sorted({row.label for row in rows})
    }
    wrong = sum(predict(model, row.text) != row.label for row in rows)
    metrics = {
        "accuracy": round(accuracy(model, rows), 3),
        "recall": recall,
        "trained_on": model["trained_on"],
        "wrong": wrong,
    }
    with open("metrics.json", "w", encoding="utf-8") as file:
        json.dump(metrics, file, indent=2)
        file.write("\n")
    print(f"test accuracy {metrics['accuracy']:.3f}: {wrong} of {len(rows)} wrong")


if __name__ == "__main__":
    main()
