"""What changed in guidelines, for people and for programs."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from textwrap import TextWrapper
from typing import Any

from dvc_labelmeta.diff.catalogue import BY_NAME, bump
from dvc_labelmeta.diff.comparison import Comparison, FileDiff
from dvc_labelmeta.diff.debts import Impact
from dvc_labelmeta.diff.operation import ABSENT, Operation
from dvc_labelmeta.diff.proposals import proposals
from dvc_labelmeta.diff.prose import SectionDiff
from dvc_labelmeta.diff.spans import Span
from dvc_labelmeta.diff.summary import summary
from dvc_labelmeta.model.version import Steps, Version
from dvc_labelmeta.report.impact import impact_json, impact_lines, operation_text
from dvc_labelmeta.report.text import plain

# told by the numbers beside the name, and by section
_ELSEWHERE = frozenset({"VERSION_CHANGED", "PROSE_CHANGED"})
_CONTEXT = 5  # unchanged words shown on each side of a change
_wrapped = TextWrapper(100, " " * 6, " " * 8, break_long_words=False, break_on_hyphens=False).wrap
_READ_ALIKE = {
    "spacing": "line ends and blanks only",
    "comment": "comments only",
    "typography": "quotes, dashes or emphasis only",
    "case": "capitals only",
    "structure": "the same words in another order or structure",
}


def difference_text(
    steps: Steps, found: Sequence[Comparison], impacts: Sequence[Impact], *, words: bool = False
) -> str:
    """Return a paragraph for each guideline that changed, and a last line that sums up."""
    paragraphs = [
        "\n".join(_paragraph(one, impact, words=words))
        for one, impact in zip(found, impacts, strict=True)
    ]
    if steps.apart:
        names = ", ".join(map(plain, steps.apart))
        paragraphs.append(
            f"not compared, in another repository: {names} (labelmeta diff BASE HEAD --guideline ID"
            " with revisions of that repository)"
        )
    return "\n\n".join([*paragraphs, _summary(steps, found, impacts)])


def _summary(steps: Steps, found: Sequence[Comparison], impacts: Sequence[Impact]) -> str:
    owed = sum(len(impact.owed) for impact in impacts)
    unread = sum(one.state == "unreadable" for one in found)
    parts = [f"{len(found)} changed, {len(steps.same)} unchanged"]
    parts += [f"{owed} owed"] if owed else []
    parts += [f"{unread} could not be judged"] if unread else []
    return "guidelines: " + "; ".join(parts)


def _paragraph(one: Comparison, impact: Impact, *, words: bool) -> Iterator[str]:
    step = one.step
    if step.fault:
        yield f"{plain(step.id)}: not judged: {plain(step.fault)}"
        return
    old, new = step.previous, step.current
    if old is None or new is None:
        side = new or old
        assert side is not None  # noqa: S101  # a step has a side
        yield f"{plain(step.id)} {_number(side)}: {one.state} ({plain(side.path)})"
    else:
        said = f"needs {one.needed}, declared {one.declared}"
        numbers = f"{_number(old)} -> {_number(new)}"
        yield f"{plain(step.id)} {numbers}: {said}"
        if old.path != new.path:
            yield f"  moved from {plain(old.path)} to {plain(new.path)}"
        for at, operation in enumerate(one.operations):
            if operation.rule not in _ELSEWHERE:
                counts = operation_text(impact, at)
                yield f"  {operation_line(operation)}" + (f": {counts}" if counts else "")
        for maybe in proposals(one.operations):
            before, after = plain(maybe.previous), plain(maybe.current)
            yield (
                f"  is {before} now {after} (alike: {maybe.likeness:.0%})? Then keep it with "
                f"`status: retired, replaced_by: {after}`"
            )
        for file in one.files:
            yield from file_lines(file, words=words)
    yield from (f"  {line}" for line in impact_lines(impact))
    for debt in impact.owed:
        yield f"  owed: {plain(debt.text)}"


def operation_line(one: Operation) -> str:
    """Return what an operation does, the bump that it needs and what becomes of annotations."""
    return f"{one.rule} {bump(one)}: {plain(summary(one))}; annotations: {BY_NAME[one.rule].effect}"


def _number(version: Version) -> str:
    return plain(version.number) or "(not committed)"


def file_lines(file: FileDiff, *, words: bool) -> Iterator[str]:
    """Yield what changed in a file, by section; words: and which words."""
    if file.prose is None:
        yield f"  {plain(file.name)}: {file.state}, no text"
        return
    gone, come = file.prose.counts()
    how = _READ_ALIKE.get(file.prose.change, f"-{gone} +{come} words")
    many = f"{len(file.prose.changed)} of {len(file.prose.sections)} sections"
    yield f"  {plain(file.name)}: {file.state}, {how}, in {many}"
    for section in file.prose.changed:
        yield f"    {_section(section)}"
        if words:
            for line in span_lines(section.spans):
                yield from _wrapped(line)


def _section(one: SectionDiff) -> str:
    gone, come = one.counts()
    how = _READ_ALIKE.get(one.change) or (f"-{gone} +{come} words" if gone + come else "")
    state = "renamed" if one.state == "renamed" and one.before else ""
    was = f" (was {plain(one.before.path[-1])})" if state and one.before and one.before.path else ""
    place = ", moved" if one.moved and one.state != "moved" else ""
    title = plain(" > ".join(one.path)) or "(before the first heading)"
    return f"{title}: {one.state}{was}{place}" + (f", {how}" if how else "")


def span_lines(spans: Sequence[Span]) -> Iterator[str]:
    """Yield each change with a few words around it: [-removed-] {+added+}, as Git shows words."""
    for at, span in enumerate(spans):
        if span.kind in {"same", "moved"}:
            continue
        before = spans[at - 1].after[-_CONTEXT:] if at and spans[at - 1].kind == "same" else ()
        more = spans[at + 1] if at + 1 < len(spans) else None
        after = more.after[:_CONTEXT] if more and more.kind == "same" else ()
        parts = [*before]
        parts += [f"[-{' '.join(span.before)}-]"] if span.before else []
        parts += [f"{{+{' '.join(span.after)}+}}"] if span.after else []
        yield plain(" ".join([*parts, *after]))


def difference_json(
    steps: Steps, found: Sequence[Comparison], impacts: Sequence[Impact]
) -> dict[str, Any]:
    """Return the same for programs; base and head are commits, null for the working tree."""
    return {
        "base": steps.base,
        "head": steps.head or None,
        "guidelines": [
            comparison_json(one)
            | {"owed": [debt.text for debt in impact.owed], "impact": impact_json(impact)}
            for one, impact in zip(found, impacts, strict=True)
        ],
        "unchanged": list(steps.same),
        "not_compared": list(steps.apart),
        "owed": sum(len(impact.owed) for impact in impacts),
    }


def comparison_json(one: Comparison) -> dict[str, Any]:
    """Return what changed in a guideline, for programs."""
    step = one.step
    return {
        "id": step.id,
        "state": one.state,
        "previous": _version(step.previous),
        "current": _version(step.current),
        "needed": one.needed,
        "declared": one.declared,
        "operations": [_operation_entry(operation) for operation in one.operations],
        "proposals": [maybe._asdict() for maybe in proposals(one.operations)],
        "files": [_file_entry(file) for file in one.files],
        "fault": step.fault or None,
    }


def _operation_entry(one: Operation) -> dict[str, Any]:
    return {
        "rule": one.rule,
        "bump": bump(one),
        "summary": summary(one),
        "kind": one.kind,
        "ids": list(one.ids),
        "into": list(one.into),
        "meaning": one.meaning or None,
        "touches": [touch._asdict() for touch in one.touches],
        "effect": BY_NAME[one.rule].effect,
        "edits": [
            {"path": list(edit.path)}
            | ({} if edit.before is ABSENT else {"before": edit.before})
            | ({} if edit.after is ABSENT else {"after": edit.after})
            for edit in one.edits
            if edit.path[:1] != ("prose",)
        ],
    }


def _version(version: Version | None) -> dict[str, str | None] | None:
    if version is None:
        return None
    return {
        "path": version.path,
        "version": version.number or None,
        "object": version.object or None,
    }


def _file_entry(file: FileDiff) -> dict[str, Any]:
    if file.prose is None:
        return {"name": file.name, "state": file.state, "change": "no text"}
    return {
        "name": file.name,
        "state": file.state,
        "change": file.prose.change,
        "sections": [_section_entry(one) for one in file.prose.changed],
    }


def _section_entry(one: SectionDiff) -> dict[str, Any]:
    gone, come = one.counts()
    return {
        "path": list(one.path),
        "previous_path": list(one.before.path) if one.before else None,
        "line": one.after.line if one.after else None,
        "previous_line": one.before.line if one.before else None,
        "state": one.state,
        "change": one.change,
        "moved": one.moved,
        "words_removed": gone,
        "words_added": come,
        "spans": [
            {"kind": span.kind, "before": " ".join(span.before), "after": " ".join(span.after)}
            for span in one.spans
            if span.kind != "same"
        ],
    }
