"""Train on data/train.csv, each message weighed; data/dev.csv chooses the smoothing.

weights.csv comes of the annotation records: what annotators agree on and are sure of counts more.
"""

import json

from model import accuracy, fit, read, read_weights

ALPHAS = (0.1, 0.3, 1.0)


def main() -> None:
    """Write model.json."""
    train, dev = read("data/train.csv", read_weights("weights.csv")), read("data/dev.csv")
    tried = [(accuracy(model := fit(train, alpha), dev), model) for alpha in ALPHAS]
    score, best = max(tried, key=lambda one: one[0])
    weights = [row.weight for row in train]
    # Kish: how many messages of equal weight would be worth as much
    effective = sum(weights) ** 2 / sum(weight**2 for weight in weights)
    best["trained_on"] = {"messages": len(train), "effective": round(effective, 1)}
    with open("model.json", "w", encoding="utf-8") as file:
        json.dump(best, file, indent=1)
    print(
        f"trained on {len(train)} messages, weighed like {effective:.1f}; "
        f"smoothing {best['alpha']}, dev accuracy {score:.3f}"
    )


if __name__ == "__main__":
    main()
