"""What `annotations stats` writes on request, as DVC and Git read it, and `annotations notes`."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable
from pathlib import Path
from typing import Any

import pytest
import yaml

from dvc_labelmeta.cli import app
from dvc_labelmeta.errors import LabelMetaError
from dvc_labelmeta.read.files import misfits, parse
from tests.inside import Inside
from tests.repo import Repo

RECORDS = "data/train.csv.annotations.jsonl"
SIDE = "data/train.csv.labelmeta.yaml"
FOLDER = "labelmeta/stats/data/train.csv/labels"
CLAUSES = (
    'rules:\n  - {id: R1, text: "Judge the text.\\nNot the writer."}\n'
    "edge_cases:\n  - {id: E1, case: irony, decision: what is meant}\n"
)
Run = Callable[..., tuple[int, str, str]]


def records(confident: bool = True) -> list[dict[str, Any]]:
    """Twelve items by three people in three batches; cem is apart on each third item."""
    return [
        {
            "id": f"{who}-{n:02}",
            "item": f"i{n}",
            "label": "pos" if (n % 2 == 0) ^ (who == "cem" and n % 3 == 0) else "neg",
            "annotator": who,
            "annotated_at": f"2026-01-05T09:{n:02}:00Z",
            "guideline_version": "1.0.0" if n < 6 else "1.1.0",
            "batch": f"b{n // 4}",
            "source": "test",
            **({"confidence": 0.95 if n % 2 else 0.3} if confident and who != "cem" else {}),
            **({"cites": ["R1"] if n % 3 else ["R1", "E1"]} if n < 6 else {}),
            **({"rationale": f"Irony in line {n}"} if who == "cem" and n % 3 == 0 else {}),
            **({"note": "\x1b[31mtypo"} if who == "ann" and n == 11 else {}),
        }
        for n in range(12)
        for who in ("ann", "bob", "cem")
    ]


def lines(rows: list[dict[str, Any]]) -> str:
    return "".join(json.dumps(row) + "\n" for row in rows)


@pytest.fixture(scope="module")
def annotated(built_linked: Path, tmp_path_factory: pytest.TempPathFactory) -> Path:
    """`linked` with records, two commits of them, and a guideline with clauses in version 1.1.0."""
    target = tmp_path_factory.mktemp("annotated") / "project"
    shutil.copytree(built_linked, target, symlinks=True)
    repo = Inside(target)
    text = repo.guideline_yaml("tone", "1.1.0") + CLAUSES
    repo.write("guidelines/tone/guideline.yaml", text)
    repo.write(
        SIDE, repo.read(SIDE) + f"    annotations:  # ours\n      path: {Path(RECORDS).name}\n"
    )
    repo.write(RECORDS, lines(records(confident=False)))
    repo.commit("Records")
    repo.write(RECORDS, lines(records()))
    repo.commit("Ask how sure", "2026-01-06T09:00:00+00:00")
    return target


@pytest.fixture
def repo(annotated: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Repo:
    """A fresh copy of `annotated`, which is the current folder."""
    shutil.copytree(annotated, tmp_path / "project", symlinks=True)
    monkeypatch.chdir(tmp_path / "project")
    return Inside(tmp_path / "project")


@pytest.fixture
def run(capsys: pytest.CaptureFixture[str]) -> Run:
    """Run `labelmeta annotations ARGS` in this process; return exit code and both outputs."""

    def call(*args: str) -> tuple[int, str, str]:
        capsys.readouterr()
        code = app.run(["annotations", *args])
        return code, *capsys.readouterr()

    return call


def test_dvc_shows_and_compares_metrics_and_plots(repo: Repo) -> None:
    assert app.run(["stage", "add", "annotation-stats", "data/train.csv"]) == 0
    repo.dvc("repro", "-q", f"{FOLDER}/dvc.yaml")
    assert "alpha_low" in repo.dvc("metrics", "show").out
    repo.commit("Statistics", "2026-01-07T09:00:00+00:00")
    repo.write(RECORDS, lines(records()[:33]))
    (stage,) = yaml.safe_load(repo.read(f"{FOLDER}/dvc.yaml"))["stages"].values()
    repo.run("sh", "-c", stage["cmd"])
    (changed,) = json.loads(repo.dvc("metrics", "diff", "--json").out).values()
    assert changed["records"] == {"old": 36, "new": 33, "diff": -3}
    plots = json.loads(repo.dvc("plots", "show", "--json").out)
    assert plots.get("errors", []) == []
    drawn = {Path(name).stem: one for name, (one,) in plots["data"].items()}
    assert set(drawn) == {"confidence", "agreement", "labels", "annotators", "completeness"}
    for name, plot in drawn.items():
        spec = plot["content"]
        spec = json.loads(spec) if isinstance(spec, str) else spec
        assert "vega-lite" in spec["$schema"]
        rows = spec["data"]["values"]
        assert {row["rev"] for row in rows} == {"workspace"}, name
        text = json.dumps(spec)
        assert "<DVC_METRIC" not in text
        fields = {one["field"] for one in encodings(spec)}
        assert fields, name
        assert all(field in row for row in rows for field in fields), name


def encodings(spec: Any) -> list[dict[str, Any]]:
    """Every part of a specification that names a field of the data."""
    if isinstance(spec, list):
        return [one for item in spec for one in encodings(item)]
    if not isinstance(spec, dict):
        return []
    inner = [one for key, item in spec.items() if key != "data" for one in encodings(item)]
    return ([spec] if "field" in spec else []) + inner


def test_files_say_what_is_in_the_records(repo: Repo, run: Run) -> None:
    code, out, _ = run("stats", "data/train.csv", "--metrics", "out/m.json", "--plots", "out")
    assert code == 0
    assert "create out/m.json\ncreate out/confidence.json" in out
    found = {path.stem: json.loads(path.read_text()) for path in Path("out").iterdir()}
    numbers = found["m"]
    assert (numbers["records"], numbers["items"], numbers["confidence_unknown"]) == (36, 12, 0.3333)
    # four items of twelve in dispute, one pair of three agrees there
    assert (numbers["dispute"], numbers["percent_agreement"]) == (0.3333, 0.7778)
    assert all(isinstance(value, int | float) for value in numbers.values())
    bins = {row["confidence"]: row["votes"] for row in found["confidence"]}
    assert (bins[0.3], bins[0.9], sum(bins.values())) == (12, 12, 24)
    versions = [row["guideline_version"] for row in found["agreement"]]
    assert versions == ["1.0.0", "1.1.0"]
    assert all(row["low"] <= row["alpha"] <= row["high"] for row in found["agreement"])
    pairs = {(row["annotator"], row["other"]): row["share"] for row in found["annotators"]}
    assert pairs["ann", "bob"] == pairs["bob", "ann"] == 1
    assert pairs["ann", "cem"] == 0.6667
    chosen = [row["share"] for row in found["labels"] if row["label"] == "pos"]
    assert sum(chosen) == pytest.approx(1, abs=1e-3)
    sure = {
        row["commit"][:10]: row["share"]
        for row in found["completeness"]
        if row["name"] == "confidence"
    }
    assert sure == {"2026-01-05": 0, "2026-01-06": 0.6667}
    before = {path: path.read_bytes() for path in Path("out").iterdir()}
    _, out, _ = run("stats", "data/train.csv", "--metrics", "out/m.json", "--plots", "out")
    assert "nothing to change" in out
    assert {path: path.read_bytes() for path in Path("out").iterdir()} == before


def test_records_that_dvc_holds_are_followed_through_the_sidecar(repo: Repo, run: Run) -> None:
    repo.git("rm", "-q", "--cached", RECORDS)
    repo.write(".gitignore", f"/{RECORDS}\n")
    repo.write("data/shards/a.jsonl", lines(records()))
    repo.write(".gitignore", "/data/shards\n")
    repo.write(SIDE, repo.read(SIDE).replace(f"path: {Path(RECORDS).name}", "path: shards"))
    assert run("stats", "data/train.csv", "--write")[0] == 0
    repo.commit("A summary", "2026-01-08T09:00:00+00:00")
    repo.write(
        "data/shards/b.jsonl", lines([row | {"id": row["id"] + "b"} for row in records(False)])
    )
    _, out, _ = run("stats", "data/train.csv", "--plots", "out")
    assert "counted from other records; --write renews it" in out
    rows = json.loads(repo.read("out/completeness.json"))
    sure = [(row["commit"][:13], row["share"]) for row in rows if row["name"] == "confidence"]
    assert [share for _, share in sure] == [0.6667, 0.3333]
    assert sure[0][0].startswith("2026-01-08")
    assert sure[1][0] == "not committed"


def test_the_summary_is_spliced_in_and_changes_only_with_the_records(repo: Repo, run: Run) -> None:
    before = repo.read(SIDE)
    _, out, _ = run("stats", "data/train.csv", "--write", "--dry-run")
    assert out.endswith(f"would change {SIDE}\n")
    assert repo.read(SIDE) == before
    assert run("stats", "data/train.csv", "--write")[0] == 0
    after = repo.read(SIDE)
    assert after.startswith(before.rstrip("\n"))
    assert misfits("sidecar", parse(after)) == []
    one = parse(after)["layers"]["labels"]["annotations"]["summary"]
    assert (one["records"], one["annotators"], one["level"]) == (36, 3, "nominal")
    assert one["alpha_low"] <= one["alpha"] <= one["alpha_high"]
    assert [row["version"] for row in one["guideline_versions"]] == ["1.0.0", "1.1.0"]
    assert run("stats", "data/train.csv", "--write")[1].endswith("nothing to change\n")
    repo.write(
        RECORDS, lines([row for row in records(confident=False) if row["annotator"] == "ann"])
    )
    assert "--write renews it" in run("stats", "data/train.csv")[1]
    out = run("stats", "data/train.csv", "--write", "--format", "json")
    assert json.loads(out[1])["records"] == 12
    assert out[2] == f"change {SIDE}\n"
    new = parse(repo.read(SIDE))["layers"]["labels"]["annotations"]["summary"]
    assert new["alpha_refused"] == "there is one annotator only"
    assert {"alpha", "alpha_low", "dispute", "confidence_mean"} & set(new) == set()
    assert new["value"] != one["value"]
    assert repo.read(SIDE).split("summary")[0] == after.split("summary")[0]


def test_mistakes_are_told_and_nothing_is_written(repo: Repo, run: Run) -> None:
    for args, words in (
        (("stats", RECORDS, "--write"), "--write needs a linked split"),
        (("stats", "data/train.csv", "--dry-run"), "--dry-run needs something to write"),
        (("notes", "data/train.csv", "--clause", "R9"), "no record cites 'R9'; cited are E1, R1"),
        (("notes", "gone"), "there is no such file"),
    ):
        with pytest.raises(LabelMetaError, match=words):
            run(*args)
    for args, words in (
        (("annotation-stats",), "name the split"),
        (("annotation-stats", RECORDS), "is no linked split"),
        (("annotation-stats", "data/dev.csv"), "names no annotations"),
        (("gate-single", "data/train.csv"), "the gates of all splits"),
    ):
        with pytest.raises(LabelMetaError, match=words):
            app.run(["stage", "add", *args])
    repo.write(RECORDS, lines(records()) + "{broken\n")
    code, _, err = run("stats", "data/train.csv", "--write", "--metrics", "m.json")
    assert code == 2
    assert "nothing was written" in err
    assert run("notes", "data/train.csv")[0] == 2
    assert repo.git("status", "--short") == f"M {RECORDS}"


def test_batches_apart(repo: Repo, run: Run) -> None:
    found = json.loads(run("stats", RECORDS, "--by", "batch", "--format", "json")[1])["by"]
    told = [(row["batch"], row["votes"], row["items"]) for row in found["rows"]]
    assert told == [("b0", 12, 4), ("b1", 12, 4), ("b2", 12, 4)]
    assert [row["dispersion"]["dispute"] for row in found["rows"]] == [0.5, 0.25, 0.25]
    assert "\nBATCH  VOTES" in run("stats", RECORDS, "--by", "batch")[1]


def test_notes_by_clause_and_version(repo: Repo, run: Run) -> None:
    found = json.loads(run("notes", "data/train.csv", "--limit", "1", "--format", "json")[1])
    clauses = {one["clause"]: one for one in found["clauses"]}
    assert list(clauses) == ["E1", "R1", None]
    one = clauses["E1"]  # items 0 and 3, both in dispute
    assert (one["records"], one["notes"], one["known"], one["text"]) == (6, 2, 4, "irony")
    assert one["confidence"] == pytest.approx((0.3 + 0.95) / 2)
    assert (one["compared"], one["dispute"]) == (2, 1)
    assert (clauses["R1"]["records"], clauses["R1"]["dispute"]) == (18, pytest.approx(1 / 3))
    assert clauses["R1"]["text"] == "Judge the text."
    groups = [
        (g["clause"], g["guideline_version"], g["notes"], len(g["first"])) for g in found["groups"]
    ]
    assert groups == [("E1", "1.0.0", 2, 1), ("R1", "1.0.0", 2, 1), (None, "1.1.0", 3, 1)]
    text = run("notes", "data/train.csv", "--limit", "1")[1]
    assert "most notes: E1\nlowest confidence: E1\nmost dispute: E1\n" in text
    assert "(none cited), 1.1.0: 3 notes\n  cem-06 on i6 (neg, cem): Irony in line 6\n" in text
    assert "  and 2 more; --limit shows more" in text


def test_notes_are_searched_in_any_case_and_cannot_order_the_terminal(repo: Repo, run: Run) -> None:
    found = run("notes", "data/train.csv", "--search", "LINE 3", "--clause", "E1")[1]
    assert "cem-03 on i3 (pos, cem): Irony in line 3" in found
    assert "line 0" not in found
    shown = run("notes", RECORDS, "--search", "typo")[1]
    assert r"ann-11 on i11 (neg, ann, confidence 0.95): \x1b[31mtypo" in shown
    nothing = run("notes", "data/train.csv", "--search", "nowhere")[1]
    assert nothing == "no note or rationale holds 'nowhere'\n"


def test_a_partial_clone_draws_what_it_holds(
    repo: Repo, run: Run, monkeypatch: pytest.MonkeyPatch
) -> None:
    repo.git("config", "uploadpack.allowFilter", "true")
    repo.git("clone", "-q", "--filter=blob:none", repo.path.as_uri(), "partial")
    monkeypatch.chdir("partial")
    assert run("stats", "data/train.csv", "--plots", "out")[0] == 0
    rows = json.loads(Path("out/completeness.json").read_text())
    assert {row["commit"][:10] for row in rows} == {"2026-01-06"}
