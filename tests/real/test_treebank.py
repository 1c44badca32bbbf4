"""Nineteen versions of a treebank beside five guideline pages, linked as they stood each day.

Expected values come from the logs alone (`logs.py`); what the tool said is in `treebank.seen`.
"""

from __future__ import annotations

import datetime as dt
import hashlib
import json
from collections.abc import Callable
from typing import Any

import pytest

from tests.real.conftest import Treebank
from tests.real.logs import SPLITS, Row
from tests.real.replay import dvc_file
from tests.real.table import lags, table
from tests.repo import Repo

pytestmark = pytest.mark.slow  # the replay takes about twenty seconds, once a run

SidecarAt = Callable[[int, str], dict[str, Any]]


def page_log(treebank: Treebank, path: str) -> list[tuple[str, ...]]:
    """Return (commit, dates, author, message, blob) of each commit of a page, oldest first."""
    form = "--format=%x1e%H%x1f%aI%x1f%cI%x1f%an%x1f%B%x1f"
    out = Repo(treebank.base / "docs-all").git(
        "log", "--reverse", "--raw", "--no-abbrev", "--no-renames", form, "--", path
    )
    found = []
    for block in out.strip("\x1e").split("\x1e"):
        *fields, raw = block.split("\x1f")
        found.append((*fields[:4], fields[4].strip(), raw.split()[3]))
    return found


def _content(row: Row) -> tuple[str, str]:
    return row.message.strip(), row.blob


def test_guideline_repository_is_the_log(treebank: Treebank) -> None:
    pages = treebank.histories.pages
    assert [len(rows) for rows in pages.values()] == [78, 9, 8, 9, 1]
    assert len(treebank.seen["commits"]) == 93, "some of the 105 rows share a commit"
    for rows in pages.values():
        assert page_log(treebank, rows[0].path) == [
            (treebank.commit(r.commit), r.author_date, r.commit_date, r.author, *_content(r))
            for r in rows
        ]
    zones = {row.commit_date[-6:] for row in pages["specific-syntax"]}
    assert len(zones) == 8


def test_data_repository_is_the_log(treebank: Treebank) -> None:
    out = treebank.data.git("log", "--reverse", "--format=%aI%x1f%cI%x1f%an%x1f%s")
    versions = [rows[0] for rows in treebank.histories.data.values()]
    assert out.splitlines() == [
        f"{row.author_date}\x1f{row.commit_date}\x1f{row.author}\x1f{row.subject}"
        for row in versions
    ]
    assert len(versions) == 19


def test_each_split_is_linked_to_each_page_as_it_stood_that_day(
    treebank: Treebank, sidecar_at: SidecarAt
) -> None:
    logs = treebank.histories
    for n in logs.data:
        for split in SPLITS:
            side = sidecar_at(n, split)
            content = logs.files(n)[split].read_bytes()
            assert side["data"]["value"] == hashlib.md5(content).hexdigest()
            assert side["data"]["size"] == len(content)
            assert side["split"] == logs.paths(n)[split].removesuffix(".conllu")
            expected = {
                page: (page, treebank.commit(row.commit), row.blob)
                for page, row in logs.layers(n).items()
            }
            links = {name: layer["guideline"] for name, layer in side["layers"].items()}
            assert {
                name: (link["id"], link["commit"], link["object"]) for name, link in links.items()
            } == expected
            modes = {layer["mode"] for layer in side["layers"].values()}
            assert modes == {"frozen" if split == "test" else "backward"}
        assert treebank.days[n]["after"] == [], "linked as of that day, nothing is behind"


def test_new_data_is_behind_by_the_commits_of_the_log(treebank: Treebank) -> None:
    logs = treebank.histories
    for n in range(2, 20):
        before = treebank.days[n]["before"]
        paths = logs.paths(n)
        assert lags(before) == {
            (path, page): logs.behind(page, n - 1, until=n)
            for path in paths.values()
            for page in logs.layers(n - 1)
            if logs.behind(page, n - 1, until=n)
        }
        changes = {(f["code"], f["split"]) for f in before if f["code"] != "LM105"}
        assert changes == {
            ("LM113" if split == "test" else "LM106", paths[split]) for split in logs.changed(n)
        }


def test_today_every_link_is_behind_by_the_later_rows_of_its_page(treebank: Treebank) -> None:
    logs = treebank.histories
    for n in logs.data:
        today = treebank.days[n]["today"]
        assert {one["code"] for one in today} <= {"LM105"}
        assert lags(today) == {
            (path, page): logs.behind(page, n)
            for path in logs.paths(n).values()
            for page in logs.layers(n)
            if logs.behind(page, n)
        }
        for one in today:
            test = one["split"] == logs.paths(n)["test"]
            assert one["severity"] == ("error" if test else "warning")
    assert treebank.days[19]["today"] == [], "no page changed after the last data version"
    print("\n" + table(logs, treebank.seen))


def test_finding_lists_the_newest_commits_as_their_authors_dated_them(treebank: Treebank) -> None:
    logs = treebank.histories
    for n in logs.data:
        for one in treebank.days[n]["today"]:
            ((_, page), count) = next(iter(lags([one]).items()))
            later = logs.pages[page][-count:][::-1]
            expected = [
                f"{treebank.commit(r.commit)[:12]} {r.author_date[:10]} {r.subject}" for r in later
            ]
            shown = expected[:5] + ([f"… and {count - 5} more commits"] if count > 5 else [])
            assert one["details"] == shown


def test_outer_subjects_were_annotated_between_two_versions_of_their_page(
    treebank: Treebank, sidecar_at: SidecarAt
) -> None:
    pages = treebank.histories.pages
    dates = {treebank.commit(r.commit): r.commit_date[:10] for r in pages["nsubj-outer"]}
    layer = sidecar_at(18, "train")["layers"]["nsubj-outer"]
    linked = layer["guideline"]["commit"]
    assert dates[linked] == "2022-05-14"
    assert list(dates.values())[list(dates).index(linked) + 1] == "2022-11-14"
    assert lags(treebank.days[18]["today"])["lt_hse-ud-train.conllu", "nsubj-outer"] == 6
    assert "nsubj-outer" not in sidecar_at(17, "train")["layers"]


def test_extpos_was_annotated_after_its_page_was_written(
    treebank: Treebank, sidecar_at: SidecarAt
) -> None:
    (row,) = treebank.histories.pages["extpos"]
    assert row.commit_date[:10] == "2024-07-02"
    linked = sidecar_at(19, "train")["layers"]["extpos"]["guideline"]
    assert (linked["commit"], linked["object"]) == (treebank.commit(row.commit), row.blob)
    assert "extpos" not in sidecar_at(18, "train")["layers"]


def test_eight_data_versions_within_39_minutes_are_told_apart(
    treebank: Treebank, sidecar_at: SidecarAt
) -> None:
    logs = treebank.histories
    moments = [logs.data[n][0].when for n in range(10, 18)]
    assert moments[-1] - moments[0] < dt.timedelta(minutes=39)
    assert len({moment.date() for moment in moments}) == 1
    train = [sidecar_at(n, "train")["data"]["value"] for n in range(10, 18)]
    assert len(set(train)) == 8
    for n in range(10, 18):
        codes = [
            f["code"] for f in treebank.days[n]["before"] if f["split"] == logs.paths(n)["train"]
        ]
        assert codes == ["LM106"], "the link of minutes ago does not cover the new data"
    # the page of 23:02:54 is from the same day, but only the last of the eight came after it
    assert [n for n in range(10, 18) if "lt-variant" in sidecar_at(n, "train")["layers"]] == [17]


def test_order_is_by_the_moment_not_by_the_local_clock(treebank: Treebank) -> None:
    """Versions 5 and 6: 22:16 and 22:21 on the clock, two hours apart, in two time zones."""
    five, six = (treebank.histories.data[n][0] for n in (5, 6))
    assert (six.when - five.when) > dt.timedelta(hours=2)
    local = [row.commit_date[:19] for row in treebank.histories.pages["specific-syntax"]]
    assert local != sorted(local), "a page whose local times are not in order is linked rightly"


def test_rename_keeps_data_and_links(treebank: Treebank, sidecar_at: SidecarAt) -> None:
    assert [f["code"] for f in treebank.days[7]["before"]] == ["LM105"] * 3
    for split in SPLITS:
        old, new = sidecar_at(6, split), sidecar_at(7, split)
        assert old["data"]["path"] == f"lt-ud-{split}.conllu"
        assert new["data"] == old["data"] | {"path": f"lt_hse-ud-{split}.conllu"}
        assert list(new["layers"]) == list(old["layers"])
    files = treebank.data.git("ls-tree", "-r", "--name-only", treebank.days[7]["commit"])
    assert "lt-ud" not in files, "sidecars and gates of the old names are gone"


def test_hand_written_dvc_files_are_what_dvc_writes(copied_treebank: Treebank) -> None:
    data, logs = copied_treebank.data, copied_treebank.histories
    for split, file in logs.files(1).items():
        path = logs.paths(1)[split]
        recorded = data.git("show", f"{copied_treebank.days[1]['commit']}:{path}.dvc") + "\n"
        assert recorded == dvc_file(path, file.read_bytes())
    data.dvc("add", "-q", *logs.paths(19).values())
    assert data.git("status", "--porcelain") == ""


def test_commands_say_the_same_as_the_api(copied_treebank: Treebank) -> None:
    data, logs = copied_treebank.data, copied_treebank.histories
    day = copied_treebank.days[18]
    found = data.findings("--rev", day["commit"], code=1)
    assert lags(found) == lags(day["today"])
    data.git("checkout", "-q", day["commit"])
    rows = json.loads(data.labelmeta("status", "--format", "json").out)
    assert {(row["split"], row["layer"]): row["behind"] for row in rows} == {
        (path, page): f"{logs.behind(page, 18)} (unknown)"
        for path in logs.paths(18).values()
        for page in logs.layers(18)
    }
    shown = data.labelmeta("check", code=1).text
    assert "14 versions, 14 commits behind" in shown


def test_linking_in_hindsight_gives_the_sidecars_of_the_day(copied_treebank: Treebank) -> None:
    """The guideline repository is at today's HEAD; each page is named by its commit of then."""
    data, logs = copied_treebank.data, copied_treebank.histories
    day = copied_treebank.days[18]
    paths = list(logs.paths(18).values())
    data.git("checkout", "-q", day["commit"])
    for split, file in logs.files(18).items():
        data.write(logs.paths(18)[split], file.read_bytes())
    data.labelmeta("unlink", *paths)
    # in the order in which the layers came in the replay
    order = ["specific-syntax", "lt-numform", "lt-variant", "nsubj-outer"]
    for page in order:
        commit = copied_treebank.commit(logs.layers(18)[page].commit)
        data.labelmeta("link", *paths, "--guideline", f"{page}@{commit}", "--layer", page)
    assert data.git("status", "--porcelain", "--", ".", ":!labelmeta/ledger") == ""

    data.labelmeta("link", *paths)
    data.git("add", "-A")
    assert data.codes(code=0) == [], "linked anew, every layer is under today's page"


def test_a_page_that_was_not_written_yet_cannot_be_linked(copied_treebank: Treebank) -> None:
    data, logs = copied_treebank.data, copied_treebank.histories
    path = logs.paths(19)["train"]
    early = copied_treebank.days[18]["head"]
    ran = data.labelmeta("link", path, "--guideline", f"extpos@{early}", code=None)
    assert ran.code == 2
    assert "_u-feat/ExtPos.md is not there at" in ran.text
    assert data.git("status", "--porcelain") == ""

    Repo(copied_treebank.base / "docs-all").git(
        "push", "-qf", "../docs", f"{early}:refs/heads/main"
    )
    data.labelmeta("check", "--fetch", code=None)
    assert "LM118" in data.codes(code=1), "a page is listed that HEAD does not hold"


def test_a_layer_added_later_is_written_like_the_first(treebank: Treebank) -> None:
    data, day = treebank.data, treebank.days[19]
    for path in treebank.histories.paths(19).values():
        lines = data.git("show", f"{day['commit']}:{path}.labelmeta.yaml").splitlines()
        indents = [len(line) - len(line.lstrip()) for line in lines[lines.index("layers:") + 1 :]]
        assert indents == [2, 4, 6, 6, 6, 6, 4] * 5
        assert max(map(len, lines)) < 80, "a pull request shows one value a line"


def test_a_page_merged_since_the_last_fetch_can_be_linked(copied_treebank: Treebank) -> None:
    """The clone knows the commit from a branch, but not yet that the branch was merged."""
    data, logs = copied_treebank.data, copied_treebank.histories
    docs = Repo(copied_treebank.base / "docs-all")
    docs.write(logs.pages["extpos"][0].path, "Only for fixed expressions.\n")
    commit = docs.commit("Narrow ExtPos", "2025-06-01T10:00:00+02:00")
    docs.git("push", "-q", "../docs", "main:refs/heads/narrow")
    data.labelmeta("check", "--fetch")
    path = logs.paths(19)["train"]
    wanted = ("link", path, "--guideline", f"extpos@{commit}", "--layer", "extpos")
    assert "is not in the history of HEAD" in data.labelmeta(*wanted, code=2).text
    away = (copied_treebank.base / "docs").rename(copied_treebank.base / "away")
    assert "--allow-unmerged" in data.labelmeta(*wanted, code=2).text, "no network, same answer"
    away.rename(copied_treebank.base / "docs")
    docs.git("push", "-q", "../docs", "main")
    data.labelmeta(*wanted)
    assert commit in data.read(path + ".labelmeta.yaml")
