"""Every byte of the pages of an audit; UPDATE_GOLDEN=1 writes them anew."""

from __future__ import annotations

import json
import os
from html.parser import HTMLParser
from pathlib import Path

import jsonschema
import pytest

from dvc_labelmeta.checks.audit import flaw
from dvc_labelmeta.model.audit import Audit, Episode, Spot
from dvc_labelmeta.report import audit as plainly
from dvc_labelmeta.report.audit_pages import markdown, page

TOP = Path(__file__).parents[2]
GOLDEN = TOP / "tests/golden"
ODD = "data/<b>ž</b> | 100% `x`.csv"
FIRST = Spot("1" * 40, "2026-01-05", "Ada <script>")
LAST = Spot("2" * 40, "2026-02-05", "Bo")
AUDIT = Audit(
    (
        Episode(
            flaw("unrecorded-change", f"split:{ODD}", f"{ODD}.labelmeta.yaml", f"{ODD}: labels\x07", ["git a -> b"]),
            FIRST, None, ("main", "side"), ("@org/data", "data-team"),
        ),
        Episode(flaw("no-ledger", "project:", "labelmeta/ledger", "no event"), FIRST, None, ("main",)),
        Episode(flaw("no-origin", "split:a", "a.labelmeta.yaml", "a: no source"), FIRST, LAST, ("main",), ("data-team",)),
    ),
    (("main", "2" * 40, "2026-02-05"), ("side", "1" * 40, "2026-01-05")),
    12, 2, 1,
    ("12 commits", "rules of `labelmeta check`"), ("records of side",),
    {ODD: ((FIRST, "linked to tone 1.0.0"), (LAST, "data a -> b")), "a": ()},
    "2026-01-01",
)  # fmt: skip
CLEAN = Audit((), (("main", "2" * 40, "2026-02-05"),), 1, 0, 0)


def shown(name: str) -> str:
    if name.endswith("md"):
        return markdown(AUDIT, today="2026-03-01")
    if name.endswith("html"):
        return page(AUDIT, today="2026-03-01")
    return plainly.text(AUDIT, verbose=True)


@pytest.mark.parametrize("name", ["audit.md", "audit.html", "audit.txt"])
def test_golden(name: str) -> None:
    content = shown(name).encode("utf-8", "backslashreplace")
    if "UPDATE_GOLDEN" in os.environ:
        (GOLDEN / name).write_bytes(content)
    assert content == (GOLDEN / name).read_bytes()


class Tags(HTMLParser):
    """Holds a page to closing what it opens, and to loading nothing."""

    def __init__(self) -> None:
        super().__init__()
        self.open: list[str] = []

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        assert tag not in {"script", "img", "link", "iframe", "b"}
        assert not {name for name, _ in attrs} & {"src", "href", "onclick"}
        if tag not in {"meta", "br"}:
            self.open.append(tag)

    def handle_endtag(self, tag: str) -> None:
        assert self.open.pop() == tag


def test_the_page_is_whole_and_loads_nothing() -> None:
    for one in (AUDIT, CLEAN):
        tags = Tags()
        tags.feed(page(one, today="2026-03-01"))
        assert not tags.open
    assert "There is none." in markdown(CLEAN, today="2026-03-01")
    assert "Nothing was left out." in page(CLEAN, today="2026-03-01")
    assert plainly.text(CLEAN) == "1 commit, 0 splits, 0 events audited: no finding is open\n"


def test_text_leaves_out_what_ended_unless_asked() -> None:
    assert "no-origin" not in plainly.text(AUDIT)
    assert "\x1b[31merror" in plainly.text(AUDIT, colour=True)


def test_json_fits_its_schema_and_names_paths_from_the_top() -> None:
    value = json.loads(plainly.as_json(AUDIT, prefix="sub/", version="0", today="2026-03-01"))
    schema = json.loads((TOP / "dvc_labelmeta/schemas/audit.json").read_text(encoding="utf-8"))
    jsonschema.Draft202012Validator.check_schema(schema)
    jsonschema.validate(value, schema)
    assert value["findings"][1]["path"] == "sub/labelmeta/ledger"
    assert value["open"] == {"note": 0, "warning": 1, "error": 1}
