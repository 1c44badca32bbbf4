"""`labelmeta annotations stats` from outside: numbers, refusals, where records are found."""

from __future__ import annotations

import csv
import io
import json
from pathlib import Path
from typing import Any

import duckdb
import pytest

from tests.inside import Inside
from tests.repo import Repo

VERSIONS = ("1.0.0", "1.2.0", "1.10.0")


def records() -> list[dict[str, Any]]:
    """Twelve items by three people: all as one on v1.0.0, apart on 1.2.0, one person on 1.10.0."""
    found = []
    for n in range(12):
        version = VERSIONS[n // 5]
        for k, who in enumerate(("ann", "bob", "cem")):
            if version == "1.10.0" and who != "ann":
                continue
            label = "pos" if (n % 2 == 0) ^ (version == "1.2.0" and k == n % 3) else "neg"
            found.append(
                {
                    "id": f"{who}-{n}",
                    "item": f"i{n}",
                    "label": label,
                    "annotator": who,
                    "annotated_at": f"2026-01-05T09:{n:02}:0{k}Z",
                    "guideline_version": version,
                    **({"confidence": 0.9 if n % 2 else 0.6} if who != "cem" else {}),
                    "source": "test",
                }
            )
    return found


GOLD = [
    {"id": f"g{n}", "item": f"i{n}", "label": "pos" if n % 2 == 0 else "neg", "is_gold": True}
    for n in (0, 1, 5, 99)
]


def jsonl(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture
def bare(tmp_path: Path) -> Repo:
    """A folder outside of any repository, with a file of records."""
    repo = Inside(tmp_path)
    repo.write("r.jsonl", jsonl(records()))
    return repo


@pytest.fixture
def linked(linked: Repo) -> Repo:
    """The same project, with labelmeta in this process."""
    return Inside(linked.path)


def stats(repo: Repo, *args: str, code: int = 0) -> dict[str, Any]:
    ran = repo.labelmeta("annotations", "stats", *args, "--format", "json", code=code)
    found: dict[str, Any] = json.loads(ran.out)
    return found


def test_numbers_of_a_bare_file(bare: Repo) -> None:
    found = stats(bare, "r.jsonl", "--by", "guideline_version")
    assert (found["records"], found["votes"], found["items"], found["annotators"]) == (
        32,
        32,
        12,
        3,
    )
    assert found["labels_per_item"] == {"1": 2, "3": 10}
    shares = [(one["guideline_version"], one["records"]) for one in found["guideline_versions"]]
    assert shares == [("1.0.0", 15), ("1.2.0", 15), ("1.10.0", 2)]
    assert found["confidence"]["known"] == 22
    assert found["confidence"]["unknown_share"] == 10 / 32
    assert found["score"]["refused"]["mean"] == "no record has a confidence"
    # five items agree in 3 of 3 pairs, five in 1 of 3
    assert found["agreement"]["items"] == 10
    assert abs(found["agreement"]["percent"] - 2 / 3) < 1e-12
    assert found["dispersion"]["dispute"] == 0.5
    (calibrated,) = found["calibration"]
    assert (calibrated["against"], calibrated["field"]) == ("majority", "confidence")
    first, second, third = found["by"]["rows"]
    assert first["agreement"]["alpha"] == 1
    assert second["agreement"]["alpha"] < 0
    assert third["agreement"]["refused"]["alpha"] == "there is one annotator only"
    assert any("3 guideline versions" in one for one in found["warnings"])


def test_the_text_shows_numbers_and_why_one_is_missing(bare: Repo) -> None:
    shown = bare.labelmeta("annotations", "stats", "r.jsonl", "--by", "guideline_version").out
    lines = shown.splitlines()
    assert "items       12 (by labels: 2 with 1, 10 with 3)" in lines
    assert "1.2.0              15       46.9 %  15" in lines
    assert any(line.startswith("alpha (nominal)   0.3") for line in lines)
    last = next(line for line in reversed(lines) if line.startswith("1.10.0"))
    assert last.endswith("there is one annotator only")
    assert lines[-1].startswith("warning: 3 guideline versions")
    again = bare.labelmeta("annotations", "stats", "r.jsonl", "--by", "guideline_version").out
    assert again == shown, "the same bytes"


def test_annotators_labels_and_pairs(bare: Repo) -> None:
    found = stats(bare, "r.jsonl", "--by", "annotator")["by"]
    assert [(row["annotator"], row["votes"]) for row in found["rows"]] == [
        ("ann", 12), ("bob", 10), ("cem", 10),
    ]  # fmt: skip
    pairs = {" ".join(pair["annotators"]): pair for pair in found["pairs"]}
    assert set(pairs) == {"ann bob", "ann cem", "bob cem"}
    # they are apart on items 6 and 9 (ann), 7 (bob); and 5, 8 are cem's
    assert pairs["ann bob"]["percent"] == 0.7
    shown = bare.labelmeta("annotations", "stats", "r.jsonl", "--by", "annotator").out
    assert "ann bob  10     70.0 %" in shown
    labels = stats(bare, "r.jsonl", "--by", "label", "--resamples", "0")["by"]
    assert {row["label"]: row["votes"] for row in labels["rows"]} == {"neg": 15, "pos": 17}
    assert {row["alpha_interval"] for row in labels["rows"]} == {None}
    assert "OTHERS AGREE" in bare.labelmeta("annotations", "stats", "r.jsonl", "--by", "label").out


def test_gold_repeats_and_records_without_annotators(bare: Repo) -> None:
    again = [row | {"id": f"{row['id']}-2", "label": "neg"} for row in records()[:12]]
    nobody = {"id": "n1", "item": "i0", "label": "pos"}
    doubt = GOLD[1] | {"id": "g1b", "label": "pos"}
    bare.write("r.jsonl", jsonl([*records(), *GOLD, doubt, *again, nobody]))
    found = stats(bare, "r.jsonl")
    gold = found["gold"]
    assert (gold["items"], gold["contradicted"], gold["unjoined"]) == (2, 1, 1)
    assert found["calibration"][0]["against"] == "gold"
    # of four items, the two that were pos got another label
    assert found["consistency"] == {"items": 12, "share": 0.5}
    told = "\n".join(found["warnings"])
    for words in ("self-contradiction", "1 votes name no annotator", "contradict each other"):
        assert words in told
    shown = bare.labelmeta("annotations", "stats", "r.jsonl").out
    assert "with oneself      50.0 % of repeated labels, on 12 items" in shown
    assert "gold        2 items" in shown


def test_csv_parquet_shards_and_patterns_give_the_same_numbers(bare: Repo) -> None:
    wanted = stats(bare, "r.jsonl")
    table = io.StringIO()
    writer = csv.DictWriter(table, [*records()[0]], lineterminator="\n")
    writer.writeheader()
    writer.writerows(records())
    bare.write("r.csv", table.getvalue())
    out = bare.path / "r.parquet"
    duckdb.sql(f"COPY (FROM read_json('{bare.path}/r.jsonl')) TO '{out}' (FORMAT parquet)")
    bare.write("shards/a.jsonl", jsonl(records()[:7]))
    bare.write("shards/deep/b.jsonl", jsonl(records()[7:]))
    bare.write("parts/a.csv", table.getvalue())
    for name in ("r.csv", "r.parquet", "shards", "parts/*.csv"):
        assert stats(bare, name) == wanted | {"source": name}
    bare.write("parts/a.jsonl", jsonl(records()))
    mixed = bare.labelmeta("annotations", "stats", "parts", code=2).err
    assert "files of several formats" in mixed


def test_reference_answers_are_no_version_and_who_draws_annotates_too(bare: Repo) -> None:
    one = [row | {"guideline_version": "1.0.0"} for row in records()]
    bare.write("r.jsonl", jsonl([*one, *GOLD]))
    assert not any("guideline versions" in told for told in stats(bare, "r.jsonl")["warnings"])
    drawn = {"item": "i1", "annotator": "ann", "source": "t", "value": [{"points": []}]}
    bare.write("drawn.jsonl", jsonl([drawn | {"id": id_} for id_ in ("1", "2", "3")]))
    found = stats(bare, "drawn.jsonl")
    assert (found["annotators"], found["votes"]) == (1, 0)
    assert any(
        told.endswith("which answer holds (the latest counts): 1") for told in found["warnings"]
    )


def test_long_lines_are_read_and_no_record_at_all_is_no_answer(bare: Repo) -> None:
    bare.write("r.jsonl", jsonl([row | {"note": "n" * 3_000_000} for row in records()[:2]]))
    assert stats(bare, "r.jsonl")["records"] == 2
    bare.write("no-header.csv", "1,a,pos,ann\n2,a,neg,bob\n")
    said = bare.labelmeta("annotations", "stats", "no-header.csv", code=2).err
    assert (
        said == "labelmeta: no-header.csv: has no column of an annotation record: 1, a, pos, ann\n"
    )
    bare.write("empty.jsonl", "")
    for command in ("stats", "notes", "clarity", "bisect", "queue", "consensus"):
        said = bare.labelmeta("annotations", command, "empty.jsonl", code=2).err
        assert said == "labelmeta: empty.jsonl: holds no annotation record\n"


def test_scales(bare: Repo) -> None:
    rated = [row | {"label": str(n % 4 + k)} for n, row in enumerate(records()) for k in [n % 2]]
    bare.write("rated.jsonl", jsonl(rated))
    nominal, ordinal = (
        stats(bare, "rated.jsonl", "--level", one) for one in ("nominal", "ordinal")
    )
    assert nominal["agreement"]["alpha"] != ordinal["agreement"]["alpha"]
    found = stats(bare, "r.jsonl", "--level", "interval")["agreement"]
    assert found["alpha"] is None
    assert "is no number" in found["refused"]["alpha"]
    assert (
        "alpha (interval)  - the label 'neg' is no number"
        in bare.labelmeta("annotations", "stats", "r.jsonl", "--level", "interval").out
    )


def test_lines_that_are_no_record_are_counted_and_end_as_not_judged(bare: Repo) -> None:
    bare.write("r.jsonl", jsonl(records()) + "{broken\n\n[1]\n")
    found = stats(bare, "r.jsonl", code=2)
    assert found["unread_lines"] == 2
    assert "2 lines are no record and were left out" in found["warnings"]
    assert found["records"] == 32


def test_what_cannot_be_judged_is_said_and_is_no_bug(bare: Repo) -> None:
    bare.write("empty.jsonl", "")
    bare.write("not.parquet", "PAR1 is all that it has")
    bare.write("notes.txt", "no records\n")
    bare.write("layers.jsonl", jsonl([{"id": "1", "item": "a", "layer": x} for x in ("s", "t")]))
    for args, words in (
        (("empty.jsonl",), "empty.jsonl: holds no annotation record"),
        (("not.parquet",), "not.parquet: cannot be read as parquet"),
        (("notes.txt",), "notes.txt holds no file of annotations"),
        (("gone.jsonl",), "no such file"),
        (("gone",), "no such file"),
        (("layers.jsonl",), "of several layers; --layer s or t"),
        (("layers.jsonl", "--layer", "u"), "the records name no layer 'u'; they name s, t"),
        (("r.jsonl", "--by", "mood"), "--by mood"),
        (("r.jsonl", "--level", "ratio"), "--level ratio"),
    ):
        ran = bare.labelmeta("annotations", "stats", *args, code=2)
        assert words in ran.err, args
        assert ran.out == ""


def test_a_linked_split_leads_to_its_records(linked: Repo) -> None:
    said = linked.labelmeta("annotations", "stats", "data/train.csv", code=2).err
    assert "data/train.csv.labelmeta.yaml names no annotations: import them" in said
    linked.write("data/notes/a.jsonl", jsonl(records()))
    side = "data/train.csv.labelmeta.yaml"
    before = linked.read(side)
    (layer,) = [line.strip(" :") for line in before.split("layers:\n")[1].splitlines()][:1]
    linked.write(side, before + "    annotations: {path: notes, format: jsonl}\n")
    for name in ("data/train.csv", "data/train.csv.dvc", side):
        found = stats(linked, name)
        assert (found["source"], found["layer"], found["records"]) == (name, layer, 32)
    missing = linked.labelmeta("annotations", "stats", "data/train.csv", "--layer", "mood", code=2)
    assert "has no layer 'mood'" in missing.err
    linked.write(side, before + "    annotations: {path: ../../x.jsonl}\n")
    said = linked.labelmeta("annotations", "stats", "data/train.csv", code=2).err
    assert "are outside the repository" in said
    linked.write(side, before + "    annotations: {format: jsonl}\n")
    said = linked.labelmeta("annotations", "stats", "data/train.csv", code=2).err
    assert "path" in said
    linked.write(side, "layers: [\n")
    assert side in linked.labelmeta("annotations", "stats", "data/train.csv", code=2).err


def test_without_duckdb_it_says_what_to_install(bare: Repo) -> None:
    # a module of that name that cannot be had, as in an installation without the extra
    bare = Repo(bare.path)  # in a process of its own
    bare.write("hide/sitecustomize.py", "import sys\nsys.modules['duckdb'] = None\n")
    ran = bare.labelmeta("annotations", "stats", "r.jsonl", code=2, PYTHONPATH="hide")
    assert 'pip install "dvc-labelmeta[annotations]"' in ran.err
    assert bare.labelmeta("annotations", "--help", PYTHONPATH="hide").code == 0
