"""Agreement of crowd workers on two real debates: the figures of the data's own description."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any
from xml.etree import ElementTree as ET

import pytest

from tests.real.test_convarg import TEST, TRAIN
from tests.repo import Repo


def flattened(file: Path) -> list[dict[str, Any]]:
    """Return one record for each assignment, and one for each gold label."""
    found = []
    for pair in ET.parse(file).getroot():
        item = pair.findtext("id")
        for one in pair.iter("mTurkAssignment"):
            day, time, _ = one.findtext("assignmentSubmitTime", "").split()
            found += [
                {
                    "id": f"{item}/{one.findtext('assignmentId')}",
                    "item": item,
                    "label": one.findtext("value"),
                    "annotator": one.findtext("turkID"),
                    "annotated_at": f"{day}T{time}Z",
                    "batch": one.findtext("hitID"),
                    "source": "ukp_convarg",
                }
            ]
        gold = pair.findtext("goldLabel")
        if gold:
            found.append({"id": f"{item}/gold", "item": item, "label": gold, "is_gold": True})
    return found


@pytest.mark.parametrize(
    ("path", "labels", "annotators", "items", "alpha", "gold"),
    [(TRAIN, 2965, 751, 595, 0.443, 96.8), (TEST, 1750, 504, 351, 0.312, 94.9)],
)
def test_agreement_on_a_debate(
    shared: Path, tmp_path: Path, path: str, labels: int, annotators: int, items: int,
    alpha: float, gold: float,
) -> None:  # fmt: skip
    records = flattened(shared / "data/ukp_convarg" / path)
    repo = Repo(tmp_path)
    repo.write("records.jsonl", "".join(json.dumps(one) + "\n" for one in records))
    ran = repo.labelmeta("annotations", "stats", "records.jsonl", "--format", "json")
    found = json.loads(ran.out)
    assert (found["votes"], found["annotators"], found["items"]) == (labels, annotators, items)
    assert set(found["labels"]) == {"a1", "a2", "equal"}
    assert round(found["agreement"]["alpha"], 3) == alpha
    low, high = found["agreement"]["alpha_interval"]
    assert low < alpha < high
    assert high - low < 0.1
    assert round(100 * found["gold"]["items"] / items, 1) == gold
    assert found["gold"]["unjoined"] == found["gold"]["contradicted"] == 0
    assert found["labels_per_item"] == {"4": 5 * items - labels, "5": labels - 4 * items}
    assert found["confidence"]["known"] == 0
    assert found["calibration"] == []
    # workers were not asked how sure they are, and nobody names the guideline
    assert [one["guideline_version"] for one in found["guideline_versions"]] == [None]
