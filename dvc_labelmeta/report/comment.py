"""The comment under a pull request: what changed, what it does to records, what is still owed."""

from __future__ import annotations

from collections.abc import Iterator, Sequence

from dvc_labelmeta.diff.catalogue import BY_NAME, bump
from dvc_labelmeta.diff.comparison import Comparison
from dvc_labelmeta.diff.debts import Debt, Impact, unsaid
from dvc_labelmeta.diff.impact import Counts, LayerImpact, added, by_annotator, by_owner
from dvc_labelmeta.diff.operation import STATES, Operation
from dvc_labelmeta.diff.proposals import proposals
from dvc_labelmeta.diff.summary import summary
from dvc_labelmeta.model.version import Steps
from dvc_labelmeta.report.impact import operation_text, together_text, versions_text, work_text
from dvc_labelmeta.report.markdown import Block, fenced, fitted, row, safe, sentence, table
from dvc_labelmeta.report.words import passages

MARKER = "<!-- labelmeta-diff -->"  # by which a bot finds the comment that it wrote before
MOST = 65_000  # GitHub takes 65,536 characters
_LONG = 300  # characters of a cell
_TOUCHED = STATES[1:]


def comment(
    steps: Steps, found: Sequence[Comparison], impacts: Sequence[Impact], command: str
) -> str:
    """Return the comment in Markdown; the same values give the same bytes.

    command: what prints all of it.
    """
    owed = sum(len(impact.owed) for impact in impacts)
    unread = sum(one.state == "unreadable" for one in found)
    parts = [f"{len(found)} changed", f"{len(steps.same)} unchanged"]
    parts += [f"**{unread} could not be judged**"] if unread else []
    parts += [f"**{owed} owed**" if owed else "nothing owed"]
    blocks = [Block(f"{MARKER}\n**Guidelines:** {', '.join(parts)}")]
    for one, impact in zip(found, impacts, strict=True):
        blocks += _guideline(one, impact)
    if steps.apart:
        names = ", ".join(map(safe, steps.apart))
        blocks.append(Block(f"Not compared, in another repository: {names}"))
    return fitted(blocks, MOST, f"<code>{safe(command)}</code>")


def _guideline(one: Comparison, impact: Impact) -> Iterator[Block]:
    yield Block("\n".join(_heading(one)), what="guidelines")
    if impact.owed:
        tasks = tuple(_task(debt) for debt in impact.owed)
        yield Block("**Still owed**\n", tasks, rank=1, what="things owed")
    if rows := tuple(_operations(one, impact)):
        head = "**What changed**\n\n" + table(
            ("change", "clause", "rule", "bump", "existing records")
        )
        yield Block(head, rows, rank=2, what="changes")
    if impact.layers:
        yield from _splits(impact)
    if (maybe := unsaid(one)) is not None:
        yield Block(f"**You may say**\n\n{_task(maybe).replace('- [ ] ', '- ', 1)}", rank=2)
    if maybes := tuple(_proposals(one)):
        yield Block("**Is it the same label?**\n", maybes, rank=2, what="likely renamings")
    if people := tuple(_people(impact)):
        yield from _folded("Records by owner and annotator", _people_head(impact), people, 3)
    if words := tuple(passages(one)):
        yield from _folded("Word by word", "", words, 4)


def _folded(title: str, head: str, rows: tuple[str, ...], rank: int) -> Iterator[Block]:
    what = "annotators and owners" if rank == 3 else "passages of text"
    start = f"<details><summary>{title}</summary>"
    yield Block(f"{start}\n\n{head}" if head else start, rows, "\n</details>", rank, what)


def _heading(one: Comparison) -> Iterator[str]:
    step = one.step
    old, new = step.previous, step.current
    if step.fault:
        yield f"### {safe(step.id)}: not judged\n\n{safe(step.fault)}"
    elif old is None or new is None:
        side = new or old
        assert side is not None  # noqa: S101  # a step has a side
        yield f"### {safe(step.id)} {safe(side.number)}: {one.state}"
    else:
        numbers = " → ".join(safe(side.number or "(not committed)") for side in (old, new))
        enough = "which is not enough" if one.owed else "which is fine"
        enough = "which nobody has to declare" if one.needed == "none" else enough
        yield f"### {safe(step.id)} {numbers}\n"
        yield f"Needed bump: **{one.needed}**. Declared: **{one.declared}**, {enough}."
        if old.path != new.path:
            yield f"Moved from {safe(old.path)} to {safe(new.path)}."


def _task(debt: Debt) -> str:
    """Return an item of a task list, with what to write."""
    text = sentence(_clipped(debt.text[:1].upper() + debt.text[1:]))
    if not debt.lines:
        return f"- [ ] {text}"
    where = "" if debt.path in debt.text else f" In {safe(debt.path)}:"
    return f"- [ ] {text}.{where}\n\n{fenced(debt.lines, 'yaml', '  ')}\n"


def _operations(one: Comparison, impact: Impact) -> Iterator[str]:
    for at, operation in enumerate(one.operations):
        if operation.rule != "VERSION_CHANGED":
            effect, counts = BY_NAME[operation.rule].effect, operation_text(impact, at)
            yield row(
                (
                    safe(_clipped(summary(operation))),
                    safe(_clipped(_clause(operation))),
                    operation.rule,
                    bump(operation),
                    safe(effect) + (f": **{safe(counts)}**" if counts else ""),
                )
            )


def _clause(one: Operation) -> str:
    return ", ".join(id_.partition("\0")[0] for id_ in one.ids) or "–"


def _clipped(text: str) -> str:
    return text if len(text) <= _LONG else text[: _LONG - 2] + " …"


def _splits(impact: Impact) -> Iterator[Block]:
    layers = impact.layers
    states = _states([layer.total.states for layer in layers])
    head = ("split", "layer", "linked to", "owners", "made under", "records", *states)
    numbers = range(5, len(head))
    rows = tuple(_split(layer, states) for layer in layers)
    title = "**Splits linked to it**\n\n"
    yield Block(title + table(head, numbers), rows, rank=2, what="splits")
    lines = [
        f"- {safe(layer.split)}: {safe(work)}" for layer in layers if (work := work_text(layer))
    ]
    lines += [f"- {safe(together_text(one))}" for one in impact.together]
    if lines:
        yield Block("**Work, and whether splits stay together**\n", tuple(lines), "", 2, "remarks")


def _split(layer: LayerImpact, states: Sequence[str]) -> str:
    owners = safe(_clipped(", ".join(layer.owners))) or "–"
    link = f"{safe(layer.version)} ({layer.mode})"
    cells = [safe(layer.split), safe(layer.layer), link, owners]
    if layer.fault:
        return row(
            [*cells, f"not counted: {safe(_clipped(layer.fault))}", *[""] * (1 + len(states))]
        )
    counted = {**layer.total.states, "newer": layer.newer}
    numbers = [str(counted.get(state, 0)) for state in states]
    return row([*cells, safe(_clipped(versions_text(layer))), str(layer.records), *numbers])


def _states(counts: Sequence[Counts]) -> list[str]:
    """Return the columns: valid, and each other state that some record has."""
    found = added(counts)
    return ["valid", *(state for state in _TOUCHED if state in found)]


def _people_head(impact: Impact) -> str:
    states = _states([layer.total.states for layer in impact.layers])
    return table(("who", "", *states), range(2, 2 + len(states)))


def _people(impact: Impact) -> Iterator[str]:
    states = _states([layer.total.states for layer in impact.layers])
    named = (("owner", by_owner(impact.layers)), ("annotator", by_annotator(impact.layers)))
    for kind, people in named:
        for name, counts in people.items():
            if counts:
                numbers = [str(counts.get(state, 0)) for state in states]
                yield row([kind, safe(_clipped(name)) or "not said", *numbers])


def _proposals(one: Comparison) -> Iterator[str]:
    for maybe in proposals(one.operations):
        old, new = safe(_clipped(maybe.previous)), safe(_clipped(maybe.current))
        yield (
            f"- Is {old} now {new} (alike: {maybe.likeness:.0%})? Then keep {old} with "
            f"`status: retired` and `replaced_by:` {new}."
        )
