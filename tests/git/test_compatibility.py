"""Modes, adoption, legacy and ignores as a team meets them: real commits, installed labelmeta."""

from __future__ import annotations

import json

import pytest

from tests.repo import Repo

pytestmark = pytest.mark.inside

CONFIG = "labelmeta.yaml"
SIDECAR = "data/train.csv.labelmeta.yaml"


def added(repo: Repo, version: str) -> None:
    """Commit a version of `tone` with one label more."""
    path = "guidelines/tone/guideline.yaml"
    text = repo.guideline_yaml("tone", version) + "  - {id: mixed}\n"
    repo.write(path, text)
    repo.commit(f"Tone {version}")


def configured(repo: Repo, old: str, new: str) -> None:
    text = repo.read(CONFIG)
    assert old in text
    repo.write(CONFIG, text.replace(old, new))


def test_a_guideline_gives_its_layers_a_mode_and_the_sidecar_wins(linked: Repo) -> None:
    repo = linked
    configured(repo, "path: guidelines/tone", "path: guidelines/tone, mode: forward")
    repo.write(SIDECAR, repo.read(SIDECAR).replace("    mode: backward\n", ""))
    repo.commit("Leave the mode to the guideline")
    added(repo, "1.1.0")
    found = {f["split"]: f for f in repo.findings(code=1) if f["code"] == "LM105"}
    assert found["data/train.csv"]["severity"] == "error"
    assert found["data/train.csv"]["message"].endswith(
        "(forward) is linked to guideline tone 1.0.0; HEAD has 1.1.0 "
        "(minor, as major for forward, 1 version, 1 commit behind): label mixed added (LABEL_ADDED)"
    )
    assert found["data/dev.csv"]["severity"] == "warning", "its sidecar says backward"
    assert repo.labelmeta("gate", "data/train.csv", code=1)
    repo.labelmeta("link", "data/train.csv")
    assert "mode:" not in repo.read(SIDECAR)
    assert repo.labelmeta("check", "data/train.csv").code == 0
    repo.labelmeta("link", "data/train.csv", "--mode", "full_transitive")
    assert "    mode: full_transitive\n" in repo.read(SIDECAR)


def test_records_of_a_transitive_layer_are_held_against_head(linked: Repo) -> None:
    repo = linked
    added(repo, "1.1.0")
    repo.labelmeta("link", "data/train.csv", "--mode", "forward_transitive")
    rows = [
        {
            "id": f"r{n}",
            "item": f"i{n}",
            "label": "pos",
            "source": "x",
            "guideline_version": version,
        }
        for n, version in enumerate(("1.0.0", "1.0.0", "1.1.0"))
    ]
    repo.write("data/r.jsonl", "".join(json.dumps(row) + "\n" for row in rows))
    text = repo.read(SIDECAR)
    repo.write(SIDECAR, text + "    annotations: {path: r.jsonl}\n")
    repo.commit("Records")
    (found,) = [f for f in repo.findings("data/train.csv", code=1) if f["code"] == "LM105"]
    assert found["severity"] == "error"
    assert "has 2 records made under guideline tone 1.0.0; HEAD has 1.1.0" in found["message"]
    assert "label mixed added (LABEL_ADDED)" in found["message"]
    assert repo.labelmeta("gate", "data/train.csv").code == 0, "gates read no records"


def test_adoption_opens_gates_until_its_day(linked: Repo) -> None:
    linked.bump("2.0.0", "delighted")
    config = linked.read(CONFIG)
    linked.write(CONFIG, config + 'adoption: [{rule: LM105, from: "2999-01-01"}]\n')
    assert "an error from 2999-01-01 on" in linked.labelmeta("check").out
    linked.labelmeta("gate", "data/train.csv")
    linked.write(CONFIG, config + 'adoption: [{rule: LM105, from: "2020-01-01"}]\n')
    linked.labelmeta("gate", "data/train.csv", code=1)
    linked.write(CONFIG, config + 'adoption: [{rule: LM999, from: "2020-01-01"}]\n')
    assert "`adoption:` names the rule 'LM999'" in linked.labelmeta("check", code=2).err


def test_ignores_are_listed_and_held_to_account(linked: Repo) -> None:
    linked.bump("2.0.0", "delighted")
    entry = "rule: LM105, path: 'data/*', reason: relabelling"
    config = linked.read(CONFIG)
    linked.write(
        CONFIG,
        f"{config}ignore:\n  - {{{entry}, approved_by: ada}}\n"
        "  - {rule: LM106, path: 'data/*', reason: none}\n"
        "  - {rule: LM106, path: 'data/*', reason: past, until: '2020-01-01'}\n",
    )
    told = json.loads(linked.labelmeta("check", "--format", "json").out)
    assert {one["approved_by"] for one in told["ignored"]} == {"ada"}
    assert [f["code"] for f in told["findings"]] == ["LM128", "LM129"]
    assert "relabelling, approved by ada\n" in linked.labelmeta("-v", "check").out
    audit = linked.findings("--profile", "audit", code=1)
    assert ("LM130", "error") in {(f["code"], f["severity"]) for f in audit}


def test_entries_that_mean_nothing_are_refused_with_their_place(linked: Repo) -> None:
    config = linked.read(CONFIG)
    entry = 'legacy: [{guideline: tone, versions: ["%s"], until: "%s", reason: r}]\n'
    linked.write(CONFIG, config + entry % ("<2", "2026-01-01"))
    assert "no semantic version" in linked.labelmeta("check", code=2).err
    linked.write(CONFIG, config + entry % ("<2.0.0", "2026-02-30"))
    assert "2026-02-30 is a day that no calendar has" in linked.labelmeta("check", code=2).err
    linked.write(CONFIG, config + entry % ("<2.0.0", "2026-02-28"))
    linked.labelmeta("check")


def test_what_authors_declare_holds_over_versions_that_a_link_passed_over(linked: Repo) -> None:
    repo, path = linked, "guidelines/tone/guideline.yaml"
    text = repo.guideline_yaml("tone", "1.2.0", "delighted")
    said = "changes: [{clause: pos, meaning: kept}, {clause: pos, meaning: typo}]\n"
    repo.write(path, text + said)
    repo.commit("Kept in 1.1.0, a typo in 1.2.0")
    (found, *_) = [f for f in repo.findings("data/train.csv", code=0) if f["code"] == "LM105"]
    assert found["severity"] == "warning"
    repo.write(path, text.replace("id: pos", "id: plus").replace("delighted", "pleased"))
    repo.commit("Call it otherwise")
    (found, *_) = [f for f in repo.findings("data/train.csv", code=1) if f["code"] == "LM105"]
    assert "(LABEL_REMOVED)" in found["message"]
    repo.write(
        "guidelines/tone.migrations/1.2.0.yaml",
        'schema: labelmeta/migration/v1\nfrom: "1.0.0"\nto: "1.2.0"\nlabels:\n'
        "  - {subject_id: pos, predicate_id: skos:exactMatch, object_id: plus,\n"
        "     mapping_justification: semapv:ManualMappingCuration}\n",
    )
    repo.commit("Say that it is the same label")
    (found, *_) = [f for f in repo.findings("data/train.csv", code=0) if f["code"] == "LM105"]
    assert found["severity"] == "warning"
    assert "(LABEL_RENAMED)" in found["message"]
