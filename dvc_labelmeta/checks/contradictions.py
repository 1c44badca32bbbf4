"""LM2xx, second part: what a guideline says against itself, or against another one.

Each Bad and Good is a project in short: what the guideline `g` says, in `says`. A test runs every
one of them.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterator, Mapping
from typing import Any

from dvc_labelmeta.checks.rule import Hit
from dvc_labelmeta.checks.tree import answers, tree
from dvc_labelmeta.model.guideline_facts import GuidelineFacts
from dvc_labelmeta.model.snapshot import Place, Snapshot

Pointer = tuple[str | int, ...]
_CLAUSES = ("rules", "edge_cases", "escalation")
_MEANING = ("definition", "use_when", "avoid_when")
_NOT_CHOSEN = ("deprecated", "retired")


def repeated_label_id(snapshot: Snapshot) -> Iterator[Hit]:
    """A guideline lists one label id twice.

    Which of the two definitions a label was chosen by, nobody can tell.

    Bad:
        guidelines: {g: {says: {labels: [{id: a, definition: rude}, {id: a, definition: kind}]}}}
    Good:
        guidelines: {g: {says: {labels: [{id: a, definition: rude}, {id: b, definition: kind}]}}}
    Fix: make one label of the two, or give the newer one an id of its own.
    """
    for id_, facts in snapshot.guideline_facts.items():
        for at, label in _repeated(facts.structure.get("labels", ())):
            yield says(
                id_,
                facts,
                ("labels", at, "id"),
                f"guideline {id_!r} lists label {label!r} twice",
                "make one label of the two, or give the newer one an id of its own",
            )


def repeated_clause_id(snapshot: Snapshot) -> Iterator[Hit]:
    """Two rules, edge cases or escalations of a guideline have one id.

    Annotations cite clauses by id: a citation has to lead to one text.

    Bad:
        guidelines: {g: {says: {rules: [{id: R1, text: one}, {id: R1, text: two}]}}}
    Good:
        guidelines: {g: {says: {rules: [{id: R1, text: one}, {id: R2, text: two}]}}}
    Fix: give the newer one an id that was never used.
    """
    for id_, facts in snapshot.guideline_facts.items():
        seen: set[str] = {label["id"] for label in facts.structure.get("labels", ())}
        for block in _CLAUSES:
            for at, clause in enumerate(facts.structure.get(block, ())):
                if clause["id"] in seen:
                    yield says(
                        id_,
                        facts,
                        (block, at, "id"),
                        f"guideline {id_!r}: {clause['id']!r} names two clauses",
                        "give the newer one an id that was never used",
                    )
                seen.add(clause["id"])


def overlapping_names(snapshot: Snapshot) -> Iterator[Hit]:
    """Two labels of a guideline go by the same name or alias.

    Whoever knows the label by that name takes one for the other.

    Bad:
        guidelines: {g: {says: {labels: [{id: a, name: Rude}, {id: b, aliases: [rude]}]}}}
    Good:
        guidelines: {g: {says: {labels: [{id: a, name: Rude}, {id: b, aliases: [harsh]}]}}}
    Fix: leave the name to one of them.
    """
    for id_, facts in snapshot.guideline_facts.items():
        owner: dict[str, str] = {}
        for at, label in enumerate(facts.structure.get("labels", ())):
            if label.get("status") in _NOT_CHOSEN:
                continue
            for name in dict.fromkeys(_names(label)):
                other = owner.setdefault(name, label["id"])
                if other != label["id"]:
                    yield says(
                        id_,
                        facts,
                        ("labels", at),
                        f"guideline {id_!r}: labels {other!r} and {label['id']!r} are both "
                        f"called {name!r}",
                        "leave the name to one of them",
                    )


def _names(label: Mapping[str, Any]) -> Iterator[str]:
    for name in (label["id"], label.get("name", ""), *label.get("aliases", ())):
        if name:
            yield " ".join(name.casefold().split())


def unknown_reference(snapshot: Snapshot) -> Iterator[Hit]:
    """A label, edge case or decision tree names a label that the guideline does not have.

    An annotator cannot choose what is not there.

    Bad:
        guidelines: {g: {says: {labels: [{id: a}], edge_cases: [{id: E1, label: b}]}}}
    Good:
        guidelines: {g: {says: {labels: [{id: a}], edge_cases: [{id: E1, label: a}]}}}
    Fix: name a label of this guideline, or add it.
    """
    for id_, facts in snapshot.guideline_facts.items():
        before = facts.step.previous if facts.step else None
        former = {label["id"] for label in _labels(before.structure if before else None)}
        known = {label["id"] for label in _labels(facts.structure)}
        for at, name, what in _references(facts.structure):
            gone = what == "carves_from" and name in former
            if name not in known and not gone:
                yield says(
                    id_,
                    facts,
                    at,
                    f"guideline {id_!r}: {what} names {name!r}, which is no label of it",
                    "name a label of this guideline, or add it",
                )


def retired_decision(snapshot: Snapshot) -> Iterator[Hit]:
    """An edge case or the decision tree ends at a label that may not be chosen any more.

    The guideline then asks for what it forbids.

    Bad:
        guidelines:
          g: {says: {labels: [{id: a, status: retired}], edge_cases: [{id: E1, label: a}]}}
    Good:
        guidelines:
          g: {says: {labels: [{id: a, status: active}], edge_cases: [{id: E1, label: a}]}}
    Fix: decide for the label that took its place.
    """
    for id_, facts in snapshot.guideline_facts.items():
        status = {label["id"]: label.get("status") for label in _labels(facts.structure)}
        for at, name, what in _references(facts.structure):
            if what not in ("replaced_by", "carves_from") and status.get(name) in _NOT_CHOSEN:
                yield says(
                    id_,
                    facts,
                    at,
                    f"guideline {id_!r}: {what} decides for {name!r}, which is {status[name]}",
                    "decide for the label that took its place",
                )


def unreachable_question(snapshot: Snapshot) -> Iterator[Hit]:
    """No answer of the decision tree leads to one of its nodes.

    Nobody is ever asked that question: either it or the way to it was forgotten.

    Bad:
        guidelines:
          g:
            says:
              labels: [{id: a}]
              decision_tree:
                nodes: {q: {question: rude, y: a}, r: {question: kind, y: a}}
    Good:
        guidelines:
          g:
            says:
              labels: [{id: a}]
              decision_tree:
                nodes: {q: {question: rude, y: r}, r: {question: kind, y: a}}
    Fix: let an answer lead there, or take the node out.
    """
    for id_, facts in snapshot.guideline_facts.items():
        found = tree(facts.structure)
        for name in found.unreached:
            yield says(
                id_,
                facts,
                ("decision_tree", "nodes", name),
                f"guideline {id_!r}: no answer of the decision tree leads to {name!r}",
                "let an answer lead there, or take the node out",
            )


def circular_tree(snapshot: Snapshot) -> Iterator[Hit]:
    """The decision tree asks a question again that was answered.

    Whoever follows it goes round and round, and never comes to a label.

    Bad:
        guidelines:
          g: {says: {labels: [{id: a}], decision_tree: {nodes: {q: {question: rude, y: q}}}}}
    Good:
        guidelines:
          g: {says: {labels: [{id: a}], decision_tree: {nodes: {q: {question: rude, y: a}}}}}
    Fix: let the last of these answers lead to a label.
    """
    for id_, facts in snapshot.guideline_facts.items():
        for circle in tree(facts.structure).circles:
            yield says(
                id_,
                facts,
                ("decision_tree", "nodes", circle[-1]),
                f"guideline {id_!r}: the decision tree goes round: "
                f"{' -> '.join((*circle, circle[0]))}",
                "let the last of these answers lead to a label",
            )


def conflicting_labels(snapshot: Snapshot) -> Iterator[Hit]:
    """A split is labelled under two guidelines that define one label id differently.

    Whoever reads its labels takes one meaning for the other.

    Bad:
        guidelines:
          g: {says: {labels: [{id: a, definition: rude}]}}
          h: {says: {labels: [{id: a, definition: kind}]}}
        links:
          data/a.csv: {version: "1.0.0", also: {id: h, version: "1.0.0"}}
    Good:
        guidelines:
          g: {says: {labels: [{id: a, definition: rude}]}}
          h: {says: {labels: [{id: b, definition: kind}]}}
        links:
          data/a.csv: {version: "1.0.0", also: {id: h, version: "1.0.0"}}
    Fix: give one of the two another id, in a major version of its guideline.
    """
    together: dict[tuple[str, str], str] = {}
    for one in snapshot.sidecars:
        ids = sorted({layer.guideline.id for layer in one.layers} & snapshot.guideline_facts.keys())
        for number, first in enumerate(ids):
            for second in ids[number + 1 :]:
                together.setdefault((first, second), one.split)
    for (first, second), split in together.items():
        facts = snapshot.guideline_facts[second]
        meanings = {one["id"]: _meaning(one) for one in _labels(snapshot.guideline_facts[first])}
        for at, label in enumerate(_labels(facts)):
            if meanings.get(label["id"], _meaning(label)) != _meaning(label):
                yield says(
                    second,
                    facts,
                    ("labels", at),
                    f"guidelines {first!r} and {second!r} define label {label['id']!r} "
                    f"differently, and {split} is labelled under both",
                    "give one of the two another id, in a major version of its guideline",
                )


def says(id_: str, facts: GuidelineFacts, at: Pointer, message: str, fix: str) -> Hit:
    """Return a hit on one place of a guideline.yaml; while it is being edited, a warning."""
    severity = "warning" if facts.dirty else None
    return Hit((id_, ""), Place(facts.path, at), message, fix, severity)


def _labels(of: GuidelineFacts | Mapping[str, Any] | None) -> tuple[Mapping[str, Any], ...]:
    structure = of.structure if isinstance(of, GuidelineFacts) else of or {}
    return tuple(structure.get("labels", ()))


def _meaning(label: Mapping[str, Any]) -> tuple[Any, ...]:
    return tuple(label.get(field) for field in _MEANING)


def _repeated(clauses: Any) -> Iterator[tuple[int, str]]:
    """Yield where an id stands that stood before, and the id."""
    seen: Counter[str] = Counter()
    for at, clause in enumerate(clauses):
        seen[clause["id"]] += 1
        if seen[clause["id"]] == 2:
            yield at, clause["id"]


def _references(structure: Mapping[str, Any]) -> Iterator[tuple[Pointer, str, str]]:
    """Yield each name of a label: where it stands, the name, and what names it."""
    for at, label in enumerate(structure.get("labels", ())):
        if "replaced_by" in label:
            yield ("labels", at, "replaced_by"), label["replaced_by"], "replaced_by"
        for number, name in enumerate(label.get("carves_from", ())):
            yield ("labels", at, "carves_from", number), name, "carves_from"
    for at, case in enumerate(structure.get("edge_cases", ())):
        if "label" in case:
            yield ("edge_cases", at, "label"), case["label"], f"edge case {case['id']}"
    ways = {way["id"] for way in structure.get("escalation", ())}
    for pointer, name in answers(structure):
        if name not in ways and structure.get("labels"):  # else its answers are free text
            yield ("decision_tree", *pointer), name, "the decision tree"
