"""What a person tells in a sidecar of where the data come from: every field of `lineage:`."""

from __future__ import annotations

from dvc_labelmeta.model.schema import DATE, SOME, listed, record, text

LINEAGE = record(
    "where the data come from, as far as DVC does not know it; told by a person",
    {},
    {
        "source": text("a URL, or words", SOME, "https://example.org/corpus"),
        "licence": text("under which licence they may be used", SOME, "CC-BY-4.0"),
        "collected": record(
            "when they were collected",
            {},
            {"from": text("first day, quoted", DATE), "until": text("last day, quoted", DATE)},
        ),
        "method": text("how they were collected"),
        "contact": text("whom to ask: a team, a role or an address"),
        "consent": text("what those whom they are about agreed to, and how that is known"),
        "transformations": listed(
            "what was done to them before DVC knew them, in this order",
            record(
                "one step",
                {"name": text("a short name"), "what": text("what it did")},
                {
                    "tool": text("program and version"),
                    "at": text("day, quoted", DATE),
                    "by": text("pseudonym or team"),
                },
            ),
        ),
    },
)
