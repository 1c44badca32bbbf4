"""Statistics of annotation records for people: a few lines, then tables."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import Any

from dvc_labelmeta.report.text import plain, table

_MOST_LABELS = 10


def statistics_text(found: Mapping[str, Any]) -> str:
    """Return the text of what `cli.summary` made: all numbers of it that a reader acts on."""
    parts = [
        table(_facts(found)),
        "",
        table([_VERSIONS, *map(_version, found["guideline_versions"])]),
        "",
        table(_agreement(found)),
    ]
    if found["shapes"]["rows"]:
        parts += ["", table([_SHAPES, *map(_shape, found["shapes"]["rows"])])]
    if found["calibration"]:
        parts += ["", table([_CALIBRATION, *map(_calibration, found["calibration"])])]
    if "by" in found:
        parts += ["", *_TABLES[found["by"]["name"]](found["by"])]
    parts += [""] if found["warnings"] else []
    parts += [f"warning: {plain(one)}" for one in found["warnings"]]
    return "\n".join(parts)


def _facts(found: Mapping[str, Any]) -> list[tuple[str, str]]:
    left = ", ".join(f"{number} {why}" for why, number in found["left_out"].items())
    per_item = ", ".join(f"{n} with {labels}" for labels, n in found["labels_per_item"].items())
    labels = [f"{plain(label)} {times}" for label, times in found["labels"].items()]
    more = [f"{len(labels) - _MOST_LABELS} more"] if len(labels) > _MOST_LABELS else []
    facts = [
        ("records", str(found["records"]) + (f" (no votes: {left})" if left else "")),
        ("votes", str(found["votes"])),
        ("annotators", str(found["annotators"])),
        ("items", str(found["items"]) + (f" (by labels: {per_item})" if per_item else "")),
        ("labels", ", ".join([*labels[:_MOST_LABELS], *more]) or "-"),
        ("confidence", _confidence(found["confidence"])),
    ]
    if found["score"]["known"]:
        facts.append(("score", _confidence(found["score"])))
    gold = found["gold"]
    if gold["items"]:
        facts.append(
            (
                "gold",
                f"{gold['items']} items; {_share(gold['accuracy'])} of {gold['votes']} votes as it",
            )
        )
    return facts


def _confidence(one: Mapping[str, Any]) -> str:
    if not one["known"]:
        return one.get("refused", {}).get("mean", "-")  # type: ignore[no-any-return]  # a text
    shown = " ".join(f"{value:g}" for value in one["quantiles"].values())
    return (
        f"mean {one['mean']:.3f}, quartiles {shown}, "
        f"not given for {_share(one['unknown_share'])} of {one['known'] + one['unknown']} votes"
    )


def _share(value: float | None) -> str:
    return "-" if value is None else f"{100 * value:.1f} %"


def _number(value: float | None) -> str:
    return "-" if value is None else f"{value:.3f}"


def _range(value: Sequence[float] | None) -> str:
    return "-" if value is None else f"{value[0]:.3f} .. {value[1]:.3f}"


_VERSIONS = ("GUIDELINE VERSION", "RECORDS", "SHARE", "IN FORCE")


def _version(row: Mapping[str, Any]) -> tuple[str, ...]:
    version = _name(row["guideline_version"])
    return version, str(row["records"]), _share(row["share"]), str(row["in_force"])


def _name(value: str | None) -> str:
    return "(unknown)" if value is None else plain(value)


def _agreement(found: Mapping[str, Any]) -> list[tuple[str, ...]]:
    one, spread, own = found["agreement"], found["dispersion"], found["consistency"]
    refused = one.get("refused", {})
    interval = one["alpha_interval"]
    alpha = _number(one["alpha"]) + (f" ({_range(interval)})" if interval else "")
    rows = [
        ("AGREEMENT", f"{one['items']} items with two labels or more"),
        ("percent", _share(one["percent"])),
        (f"alpha ({found['level']})", alpha),
        ("Fleiss' kappa", _number(one["fleiss_kappa"])),
        ("items in dispute", _share(spread.get("dispute"))),
        ("entropy", f"{spread['entropy']:.3f} bits" if spread["items"] else "-"),
        ("with oneself", _share(own["share"])),
    ]
    reasons = dict(zip(("percent", "alpha", "fleiss_kappa"), range(1, 4), strict=True))
    for name, at in reasons.items():
        if name in refused:
            rows[at] = (rows[at][0], f"- {plain(refused[name])}")
    if "refused" in own:
        rows[-1] = (rows[-1][0], f"- {own['refused']['share']}")
    elif own["items"]:
        rows[-1] = (rows[-1][0], f"{rows[-1][1]} of repeated labels, on {own['items']} items")
    return [tuple(row) for row in rows]


_SHAPES = ("SHAPES", "LABEL", "AGREEMENT", "", "INTERVAL", "ITEMS")
_MEASURES = {
    "f1_exact": "F1, exact",
    "f1_overlap": "F1, overlap",
    "f1_half": "F1, IoU >= 0.5",
    "iou": "mean IoU",
}


def _shape(row: Mapping[str, Any]) -> tuple[str, ...]:
    return (
        row["shape"],
        "(all)" if row["label"] is None else plain(row["label"]),
        _MEASURES[row["measure"]],
        _number(row["value"]),
        _range(row["interval"]),
        str(row["items"]),
    )


_CALIBRATION = ("CALIBRATION", "AGAINST", "VOTES", "RIGHT", "MEAN", "ECE", "BRIER")


def _calibration(one: Mapping[str, Any]) -> tuple[str, ...]:
    numbers = (one["accuracy"], one["confidence"], one["ece"], one["brier"])
    return (one["field"], one["against"], str(one["labels"]), *map(_number, numbers))


def _by_field(by: Mapping[str, Any]) -> list[str]:
    name = by["name"]
    head = (name.upper().replace("_", " "), "VOTES", "ITEMS", "ANNOTATORS", "PERCENT", "ALPHA",
            "INTERVAL", "DISPUTED", "CONFIDENCE", "WHY NOT")  # fmt: skip
    rows = [
        (
            _name(row[name]),
            *(str(row[key]) for key in ("votes", "items", "annotators")),
            _share(row["agreement"]["percent"]),
            _number(row["agreement"]["alpha"]),
            _range(row["agreement"]["alpha_interval"]),
            _share(row["dispersion"].get("dispute")),
            _number(row["confidence"].get("mean")),
            plain(row["agreement"].get("refused", {}).get("alpha", "")),
        )
        for row in by["rows"]
    ]
    return [table([head, *rows])]


def _by_annotator(by: Mapping[str, Any]) -> list[str]:
    head = ("ANNOTATOR", "VOTES", "COMPARED", "AGREES", "CONFIDENCE")
    rows = [
        (
            plain(row["annotator"]),
            str(row["votes"]),
            str(row["compared"]),
            _share(row["agrees"]),
            _number(row["confidence"].get("mean")),
        )
        for row in by["rows"]
    ]
    pairs = [
        (
            " ".join(map(plain, pair["annotators"])),
            str(pair["items"]),
            _share(pair["percent"]),
            _number(pair["cohen_kappa"]),
        )
        for pair in by["pairs"]
    ]
    shown = [table([head, *rows])]
    if pairs:
        shown += ["", table([("PAIR", "ITEMS", "PERCENT", "COHEN'S KAPPA"), *pairs])]
    return shown


def _by_label(by: Mapping[str, Any]) -> list[str]:
    head = ("LABEL", "VOTES", "OTHERS AGREE", "ALPHA", "INTERVAL")
    rows = [
        (
            plain(row["label"]),
            str(row["votes"]),
            _share(row["specific"]),
            _number(row["alpha"]),
            _range(row["alpha_interval"]),
        )
        for row in by["rows"]
    ]
    return [table([head, *rows])]


_TABLES = {
    "guideline_version": _by_field,
    "batch": _by_field,
    "annotator": _by_annotator,
    "label": _by_label,
}
