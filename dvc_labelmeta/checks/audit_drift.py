"""Silent drift: what differs between splits, data sets and teams that should be the same."""

from __future__ import annotations

from collections import defaultdict
from collections.abc import Iterable, Iterator, Mapping

from dvc_labelmeta.checks.audit import flaw
from dvc_labelmeta.model.audit import Flaw, Form, LayerFact, SplitFact
from dvc_labelmeta.model.guideline import in_order, semver

Pairs = list[tuple[SplitFact, LayerFact]]
_FEW = 5


def drift(splits: Iterable[SplitFact]) -> Iterator[Flaw]:
    """Yield what differs between the splits of a project at one commit."""
    by_guideline: dict[str, Pairs] = defaultdict(list)
    for one in sorted(splits):
        for layer in one.layers:
            by_guideline[layer.guideline].append((one, layer))
    for id_, pairs in sorted(by_guideline.items()):
        apart = list(_in_datasets(id_, pairs))
        yield from apart
        if not apart:
            yield from _between(id_, pairs)
        yield from _forms(id_, pairs)


def _in_datasets(id_: str, pairs: Pairs) -> Iterator[Flaw]:
    groups: dict[tuple[str, str], Pairs] = defaultdict(list)
    for one, layer in pairs:
        groups[one.dataset, layer.name].append((one, layer))
    for (dataset, layer_name), members in sorted(groups.items()):
        versions = _versions(members)
        if len(versions) > 1:
            majors = {numbers[0] if (numbers := semver(one)) else one for one in versions}
            name = f"data set {dataset}" if dataset else "splits that name no data set"
            yield flaw(
                "version-drift",
                f"guideline:{id_}",
                "labelmeta.yaml",
                f"{name}: layer {layer_name} is labelled under {_and(versions)} of {id_}",
                _told(versions),
                severity="error" if len(majors) > 1 else "",
                mark=f"{dataset}/{layer_name}",
            )


def _between(id_: str, pairs: Pairs) -> Iterator[Flaw]:
    """Yield what differs between data sets, and between owners."""
    versions = _versions(pairs)
    if len(versions) < 2:
        return
    for kind, what, groups in (
        ("dataset-drift", "data sets", {one.dataset for one, _ in pairs}),
        ("team-drift", "teams", {owner for one, _ in pairs for owner in one.owners}),
    ):
        of = {
            group: frozenset(
                layer.version
                for one, layer in pairs
                if group in ((one.dataset,) if what == "data sets" else one.owners)
            )
            for group in sorted(groups)
        }
        if len(set(of.values())) > 1:
            said = [f"{group or '(none)'}: {_and(sorted(found))}" for group, found in of.items()]
            told = f"{what} work under {_and(versions)} of {id_}"
            yield flaw(kind, f"guideline:{id_}", "labelmeta.yaml", told, said)


def _forms(id_: str, pairs: Pairs) -> Iterator[Flaw]:
    """Yield layers whose splits keep records in several formats, or hold them to several levels."""
    groups: dict[str, Pairs] = defaultdict(list)
    for one, layer in pairs:
        if layer.path:
            groups[layer.name].append((one, layer))
    for name, members in sorted(groups.items()):
        for what in ("format", "level"):
            by: dict[str, list[str]] = defaultdict(list)
            for one, layer in members:
                by[getattr(layer, what)].append(one.split)
            if len(by) > 1:
                yield flaw(
                    "format-drift",
                    f"guideline:{id_}",
                    "labelmeta.yaml",
                    f"layer {name} of {id_}: its splits have records of {what} {_and(sorted(by))}",
                    _told(by),
                    mark=f"{name}/{what}",
                )


def fields(
    found: Mapping[tuple[str, str], Mapping[str, Form]], splits: Iterable[SplitFact]
) -> Iterator[Flaw]:
    """Yield what records have in one batch or split and not in others.

    found: by (split, layer), the batches of its records.
    """
    groups: dict[tuple[str, str], dict[str, Form]] = defaultdict(dict)
    for one in sorted(splits):
        for layer in one.layers:
            batches = found.get((one.split, layer.name), {})
            if batches:
                groups[layer.guideline, layer.name][one.split] = _whole(batches.values())
            told = list(_apart(batches, ("fields", "tools", "versions")))
            if told:
                yield flaw(
                    "batch-drift",
                    f"split:{one.split}",
                    layer.path,
                    f"{one.split}, layer {layer.name}: its batches differ",
                    told,
                    mark=layer.name,
                )
    for (id_, name), forms in sorted(groups.items()):
        told = list(_apart(forms, ("fields", "tools")))
        if told:
            said = f"layer {name} of {id_}: records of its splits have different fields or tools"
            yield flaw("field-drift", f"guideline:{id_}", "labelmeta.yaml", said, told, mark=name)


def _whole(forms: Iterable[Form]) -> Form:
    return Form(*(frozenset().union(*parts) for parts in zip(*forms, strict=True)))


def _apart(forms: Mapping[str, Form], whats: Iterable[str]) -> Iterator[str]:
    """Yield what some have and others have not, a line each."""
    for what in whats:
        sets = {name: getattr(form, what) for name, form in forms.items()}
        common = frozenset.intersection(*sets.values()) if sets else frozenset()
        for name, one in sets.items():
            if any(one != other for other in sets.values()):
                more = _and(sorted(one - common)) or "none but those of all"
                yield f"{name or '(no batch)'}: {what} {more}"


def _versions(pairs: Pairs) -> dict[str, list[str]]:
    by: dict[str, list[str]] = defaultdict(list)
    for one, layer in pairs:
        by[layer.version].append(one.split)
    return {version: by[version] for version in sorted(by, key=in_order)}


def _told(by: Mapping[str, list[str]]) -> list[str]:
    return [
        f"{name or '(none)'}: {', '.join(splits[:_FEW])}"
        + (f" and {len(splits) - _FEW} more" if len(splits) > _FEW else "")
        for name, splits in by.items()
    ]


def _and(names: Iterable[str]) -> str:
    return " and ".join(name or "(none)" for name in names)
