"""Write who labelled what in the example, and where it is from: invented, like its messages.

Labels are those of raw/annotations.csv and of the splits. What else a labelling tool notes follows
from the rules below, so that the same inputs give the same records.
"""

from __future__ import annotations

import csv
import datetime as dt
import hashlib
import json
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

Record = dict[str, Any]
ZONE = dt.timezone(dt.timedelta(hours=1))
DAYS = {"train": 13, "dev": 19, "test": 20}  # of January 2026, under 2.1.0
# how sure people say they are, with the majority and against it; a03 is new, and seldom in doubt
SURE = {
    "a01": ((0.9, 0.9, 0.7), (0.5, 0.3)),
    "a02": ((0.9, 0.7, 0.7), (0.5, 0.3)),
    "a03": ((1.0, 0.9, 0.9), (0.7, 0.9)),
    "a04": ((0.9, 1.0), (0.7,)),
}
# what an annotator wrote, and whether the message was flagged with it
NOTES = {
    ("m1017", "a02"): ("Asks us to keep it longer? Then it is a request.", False),
    ("m1094", "a02"): ("No word of what the writer wants. Complaint or question?", True),
    ("m1153", "a01"): ("Ironic, E1.", False),
    ("m1201", "a02"): ('"Can you tell me": an answer is enough, but the guide says request.', True),
    ("m1284", "a02"): ("Wants the address corrected. R2 says complaint wins; I am not sure.", True),
    ("m1287", "a03"): ("Clearly wants us to cancel. Why would this be a question?", True),
    ("m1327", "a02"): ("Chose complaint by mistake.", False),
    ("m1376", "a01"): ("Misread it first.", False),
    ("m1720", "a01"): ("Asks and complains: R2, complaint.", False),
    ("m1754", "a01"): ("A question in form only.", False),
}
# told in each sidecar, as DVC does not know it
LINEAGE = """\
lineage:
  source: help desk of the parcel service, messages from its web form
  licence: internal, do not pass on
  collected: {from: "2025-11-03", until: "2026-01-09"}
  contact: help-desk-quality
  transformations:
    - {name: anonymise, what: names and numbers taken out, at: "2026-01-12", by: help-desk-quality}
"""
CITES = {"m1153": ["E1"], "m1284": ["R2"], "m1720": ["R2"], "m1754": ["R2"], "m1875": ["E1"]}


def write(target: Path) -> None:
    """Write the records beside each split, and say in its sidecar what and whence they are."""
    votes = _read(target / "raw/annotations.csv")
    for split in DAYS:
        rows = _read(target / f"data/{split}.csv")
        records = list(_train(rows, votes) if split == "train" else _checked(split, rows))
        file = target / f"data/{split}.csv.annotations.jsonl"
        file.write_text("".join(json.dumps(record) + "\n" for record in records), encoding="utf-8")
        sidecar = target / f"data/{split}.csv.labelmeta.yaml"
        named = f"{{path: {file.name}, format: jsonl, level: L2, count: {len(records)}}}"
        text = sidecar.read_text(encoding="utf-8")
        sidecar.write_text(f"{text}    annotations: {named}\n{LINEAGE}", encoding="utf-8")


def review(target: Path) -> None:
    """Add the label that a02 gave again once R2 read as it was meant."""
    file = target / "data/train.csv.annotations.jsonl"
    text = file.read_text(encoding="utf-8")
    (old,) = (one for one in map(json.loads, text.splitlines()) if one["id"] == "m1284-a02")
    told = {
        "id": "m1284-a02-r1",
        "label": "complaint",
        "annotated_at": "2026-02-05T10:04:12+01:00",
        "duration_seconds": 9,
        "guideline_version": "2.1.1",
        "status": "submitted",
        "confidence": 0.9,
        "note": "Went through my flagged ones again: R2, complaint.",
        "supersedes": old["id"],
    }
    file.write_text(f"{text}{json.dumps(old | told)}\n", encoding="utf-8")
    sidecar = target / "data/train.csv.labelmeta.yaml"
    count = f"count: {len(text.splitlines())}"
    more = f"count: {len(text.splitlines()) + 1}"
    sidecar.write_text(sidecar.read_text(encoding="utf-8").replace(count, more), encoding="utf-8")


def _read(path: Path) -> list[dict[str, str]]:
    with path.open(newline="", encoding="utf-8") as file:
        return list(csv.DictReader(file))


def _train(rows: list[dict[str, str]], votes: list[dict[str, str]]) -> Iterator[Record]:
    """Yield the three votes that each message of the split got."""
    chosen = {vote["id"]: {who: vote[who] for who in ("a01", "a02", "a03")} for vote in votes}
    for who in ("a01", "a02", "a03"):
        for row, when in _sittings(rows, "train", who):
            same = chosen[row["id"]]
            usual = Counter(same.values()).most_common(1)[0][0]
            yield _record(row, who, same[who], when, same[who] == usual)


def _checked(split: str, rows: list[dict[str, str]]) -> Iterator[Record]:
    """Yield a vote of a01 and one of a04, an expert, whose label the split has."""
    labels = sorted({row["label"] for row in rows})
    for who in ("a01", "a04"):
        for row, when in _sittings(rows, split, who):
            other = labels[(labels.index(row["label"]) + 1) % len(labels)]
            slip = who == "a01" and _chance(row["id"], who, 9) == 0
            label = other if slip else row["label"]
            record = _record(row, who, label, when, not slip)
            yield record | ({"role": "expert"} if who == "a04" else {})


def _sittings(
    rows: list[dict[str, str]], split: str, who: str
) -> Iterator[tuple[dict[str, str], dt.datetime]]:
    """Yield each row and when it was labelled: at most 60 a day, one after the other."""
    for number, row in enumerate(rows):
        if number % 60 == 0:
            day = DAYS[split] + number // 60
            when = dt.datetime(2026, 1, day, 8 + int(who[1:]), 30, tzinfo=ZONE)
        when += dt.timedelta(seconds=_seconds(row, who))
        yield row, when


def _record(row: dict[str, str], who: str, label: str, when: dt.datetime, usual: bool) -> Record:
    record: Record = {
        "id": f"{row['id']}-{who}",
        "item": row["id"],
        "label": label,
        "source": "help-desk export",
        "annotator": who,
        "annotator_type": "person",
        "annotated_at": when.isoformat(),
        "duration_seconds": _seconds(row, who),
        "tool": "spreadsheet",
        "guideline_version": "2.1.0",
        "guideline_version_source": "recorded",
        "status": "submitted",
    }
    if _chance(row["id"], who, 12):  # else it was left empty: not known, which is not 0
        scale = SURE[who][0 if usual else 1]
        record["confidence"] = scale[_chance(row["text"], who, len(scale))]
    if row["id"] in CITES:
        record["cites"] = CITES[row["id"]]
    note, flagged = NOTES.get((row["id"], who), ("", False))
    return record | ({"note": note} if note else {}) | ({"status": "flagged"} if flagged else {})


def _seconds(row: dict[str, str], who: str) -> int:
    """Return how long a message took: time to read it, and to think."""
    return 4 + len(row["text"]) // 12 + _chance(row["id"], who + "s", 9)


def _chance(text: str, who: str, ways: int) -> int:
    """Return 0 .. ways - 1, the same for the same text and annotator."""
    return int.from_bytes(hashlib.sha256(f"{who} {text}".encode()).digest()[:4], "big") % ways
