"""The ledger of the replayed treebank, built from Git's history alone, against the logs."""

from __future__ import annotations

import datetime as dt
import hashlib
import json
import shutil
from collections import Counter
from typing import Any

import pytest

from tests.inside import Inside
from tests.real.conftest import Treebank
from tests.real.logs import SPLITS, Histories

pytestmark = [pytest.mark.slow, pytest.mark.inside]  # the replay takes long, once a run

Events = list[dict[str, Any]]
UTC = "%Y-%m-%dT%H:%M:%SZ"


def log(data: Inside) -> Events:
    """Return the events of the ledger, the oldest first."""
    found: Events = json.loads(data.labelmeta("ledger", "log", "--format", "json").out)
    return found[::-1]


@pytest.fixture(scope="module")
def rebuilt(
    treebank: Treebank, tmp_path_factory: pytest.TempPathFactory
) -> tuple[Treebank, Inside]:
    """The treebank with a ledger from its history in place of the one that commands wrote.

    Nothing writes to it after that.
    """
    base = tmp_path_factory.mktemp("rebuilt") / "treebank"
    shutil.copytree(treebank.base, base, symlinks=True)
    data = Inside(base / "data")
    shutil.rmtree(data.path / "labelmeta" / "ledger")
    said = data.labelmeta("ledger", "record", "--history").out
    assert said.startswith(f"record {len(log(data))} events\n")
    return treebank, data


def expected_links(treebank: Treebank) -> list[tuple[str, str, str, str]]:
    """Return (commit, path, type, hash of the data) of each change of a link, from the logs."""
    logs, found = treebank.histories, []
    before: dict[str, Any] = {}
    for n in logs.data:
        now = {
            logs.paths(n)[split]: (
                hashlib.md5(logs.files(n)[split].read_bytes()).hexdigest(),
                {page: row.commit for page, row in logs.layers(n).items()},
            )
            for split in SPLITS
        }
        commit = treebank.days[n]["commit"]
        for path in sorted({*before, *now}):
            if before.get(path) != now.get(path):
                kind = "relinked" if path in before and path in now else "moved"
                kind = "linked" if n == 1 else kind
                found.append((commit, path, kind, now[path][0] if path in now else ""))
        before = now
    return found


def test_one_event_for_each_change_of_a_link(rebuilt: tuple[Treebank, Inside]) -> None:
    treebank, data = rebuilt
    links = [one for one in log(data) if one["subject"].startswith("split:")]
    assert [
        (
            one["details"]["commit"],
            one["subject"].removeprefix("split:"),
            one["type"],
            one["claims"].get("data", {}).get("value", ""),
        )
        for one in links
    ] == expected_links(treebank)


def test_the_data_versions_are_those_of_the_log(rebuilt: tuple[Treebank, Inside]) -> None:
    treebank, data = rebuilt
    logs: Histories = treebank.histories
    seen: dict[str, list[str]] = {split: [] for split in SPLITS}
    for one in log(data):
        split = one["subject"].removesuffix(".conllu").rpartition("-")[2]
        if split in seen and one["claims"]:
            value = one["claims"]["data"]["value"]
            seen[split] += [value] if seen[split][-1:] != [value] else []
    for split in SPLITS:
        files = [row.file for rows in logs.data.values() for row in rows if row.split == split]
        hashes = [hashlib.md5(file.read_bytes()).hexdigest() for file in files if file]
        assert seen[split] == hashes
    assert len(logs.data) == 19
    train = [logs.files(n)["train"].read_bytes() for n in range(10, 18)]
    start = seen["train"].index(hashlib.md5(train[0]).hexdigest())
    minutes = [hashlib.md5(content).hexdigest() for content in train]
    assert seen["train"][start : start + 8] == minutes, "eight versions within 39 minutes"


def test_each_guideline_version_is_released_once(rebuilt: tuple[Treebank, Inside]) -> None:
    treebank, data = rebuilt
    pages = treebank.histories.pages
    released = [one for one in log(data) if one["type"] == "released"]
    assert len(released) == 105
    assert Counter(one["subject"] for one in released) == {
        "guideline:specific-syntax": 78,
        "guideline:nsubj-outer": 9,
        "guideline:lt-variant": 8,
        "guideline:lt-numform": 9,
        "guideline:extpos": 1,
    }
    for page, rows in pages.items():
        own = [one for one in released if one["subject"] == f"guideline:{page}"]
        assert [(one["details"]["commit"], one["claims"]["object"]) for one in own] == [
            (treebank.commit(row.commit), row.blob) for row in rows
        ]


def test_both_repositories_are_in_one_order(rebuilt: tuple[Treebank, Inside]) -> None:
    treebank, data = rebuilt
    logs, events = treebank.histories, log(data)
    when = [one["details"]["when"] for one in events]
    assert when == sorted(when), "by the moment, whatever the time zone"
    moments = {
        row.when.astimezone(dt.timezone.utc).strftime(UTC)
        for rows in logs.data.values()
        for row in rows
    }
    moments |= {
        r.when.astimezone(dt.timezone.utc).strftime(UTC)
        for rows in logs.pages.values()
        for r in rows
    }
    assert set(when) <= moments
    stood: dict[str, str] = {}
    for one in events:
        if one["type"] == "released":
            stood[one["subject"].partition(":")[2]] = one["claims"]["object"]
        elif one["claims"]:
            linked = {name: layer["object"] for name, layer in one["claims"]["layers"].items()}
            assert linked == stood, "each link is to the pages as they stood at that moment"


def test_names_stand_as_commitments(rebuilt: tuple[Treebank, Inside]) -> None:
    treebank, data = rebuilt
    logs = treebank.histories
    people = {
        file.stem: json.loads(file.read_text())["name"]
        for file in (data.path / "labelmeta" / "ledger" / "people").iterdir()
    }
    rows = [row for rows in (*logs.data.values(), *logs.pages.values()) for row in rows]
    authors = {name.partition(" <")[0] for name in people.values()}
    assert authors == {row.author for row in rows} | {"Ada"}
    texts = [file.read_text() for file in (data.path / "labelmeta/ledger/events").rglob("*.json")]
    assert not any(author in text for author in authors - {"Ada"} for text in texts)
    last = log(data)[-1]
    assert people[last["details"]["by"]].startswith(logs.data[19][0].author)


def test_again_it_says_nothing(rebuilt: tuple[Treebank, Inside]) -> None:
    _, data = rebuilt
    for args in (["--history"], []):
        assert data.labelmeta("ledger", "record", *args).out == "nothing to record\n"
    names = sorted(file.name for file in (data.path / "labelmeta/ledger/tips").iterdir())
    assert len(names) == 5 + 2 * 3, "five pages, and three splits under two names"


def test_the_ledger_that_commands_wrote_lacks_only_the_pages(copied_treebank: Treebank) -> None:
    """What `link` and `mv` told on each day is what history says; of pages they told nothing."""
    data = Inside(copied_treebank.data.path)
    before = len(log(data))
    data.labelmeta("ledger", "record", "--history")
    added = log(data)[before:]
    assert [one["type"] for one in added] == ["released"] * 105
    first = data.labelmeta("ledger", "verify").text.splitlines()[0]
    assert first.startswith(f"{before + 105} events from ")
    assert "53 claims held against Git and DVC" in first
    assert "error" not in first
