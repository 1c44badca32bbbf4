"""From drafts to records: times, types, pseudonyms, and what is left out."""

from __future__ import annotations

import datetime as dt
from typing import Any

import pytest

from dvc_labelmeta.errors import Refused
from dvc_labelmeta.model.annotation import BY_NAME
from dvc_labelmeta.read.losses import DROPPED, LEFT_OUT, LOST, MAX_PLACES, NOTED, Draft, Tally
from dvc_labelmeta.read.privacy import Privacy, holds_mail, is_mail, personal_key
from dvc_labelmeta.read.recording import fitted, joined, records
from dvc_labelmeta.read.times import TimeFormat, rfc3339, seconds_between

SALT = "a salt of the team"


@pytest.mark.parametrize(
    ("format_", "zone", "raw", "wanted"),
    [
        (None, None, "2016-02-01 22:50:29.0 UTC", "2016-02-01T22:50:29+00:00"),
        (None, None, "2025-01-21T16:06:58.517Z", "2025-01-21T16:06:58.517+00:00"),
        (None, None, "2025-01-21T16:06:58.1234567+02:00", "2025-01-21T16:06:58.123456+02:00"),
        (None, "Europe/Berlin", "2026-07-01T09:00", "2026-07-01T09:00:00+02:00"),
        (None, "Europe/Berlin", "2026-01-01T09:00Z", "2026-01-01T09:00:00+00:00"),
        ("%d/%m/%Y %H:%M", "UTC", "05/01/2026 09:30", "2026-01-05T09:30:00+00:00"),
        ("%Y-%m-%d %H:%M %z", None, "2026-01-05 09:30 -0500", "2026-01-05T09:30:00-05:00"),
        ("epoch", None, "1767605400", "2026-01-05T09:30:00+00:00"),
        ("epoch_ms", None, 1767605400500, "2026-01-05T09:30:00.500+00:00"),
        (None, "Europe/Amsterdam", "1900-01-01T00:00", "1899-12-31T23:40:28+00:00"),
    ],
)
def test_times(format_: str | None, zone: str | None, raw: Any, wanted: str) -> None:
    found = rfc3339(TimeFormat(format_, zone).time(raw))
    assert dt.datetime.fromisoformat(found) == dt.datetime.fromisoformat(wanted)
    if "Amsterdam" not in str(zone):  # its zone data differ between systems
        assert found == wanted


@pytest.mark.parametrize(
    ("format_", "raw", "told"),
    [
        (None, "2026-01-05 09:30", "without a zone"),
        (None, "2026-01-05", "no ISO 8601 time of day"),
        (None, "next Tuesday", "no ISO 8601"),
        (None, 7, "no text"),
        ("%d/%m/%Y", "2026-01-05", "no time written as %d/%m/%Y"),
        ("epoch", "soon", "since 1970"),
        ("epoch", "1e300", "since 1970"),
        ("epoch", None, "since 1970"),
    ],
)
def test_a_time_that_is_none_says_why(format_: str | None, raw: Any, told: str) -> None:
    with pytest.raises(ValueError, match=told):
        TimeFormat(format_).time(raw)


def test_unknown_zone_is_refused_and_time_never_runs_backwards() -> None:
    for zone in ("Nowhere/Land", "../../etc/passwd", ""):
        with pytest.raises(Refused, match="no such time zone"):
            TimeFormat(None, zone)
    early = TimeFormat().time("2026-01-05T09:00:00Z")
    with pytest.raises(ValueError, match="ends before it starts"):
        seconds_between(early + dt.timedelta(seconds=1), early)


@pytest.mark.parametrize(
    ("name", "raw", "wanted"),
    [
        ("confidence", "0.8", 0.8), ("confidence", 1, 1), ("duration_seconds", "17.1", 17.1),
        ("is_gold", "Yes", True), ("is_gold", 0, False), ("is_gold", False, False),
        ("cites", '["R1", "R2"]', ["R1", "R2"]), ("cites", "R1", ["R1"]), ("cites", ["R1"], ["R1"]),
        ("status", "draft", "draft"), ("batch", 12, "12"), ("label", ["a"], ["a"]),
        ("annotated_at", "2026-01-05T09:00:00Z", "2026-01-05T09:00:00+00:00"),
    ],
)  # fmt: skip
def test_a_value_becomes_its_fields_type(name: str, raw: Any, wanted: Any) -> None:
    found = fitted(BY_NAME[name], raw)
    assert found == wanted
    assert type(found) is type(wanted)


@pytest.mark.parametrize(
    ("name", "raw"),
    [
        ("confidence", "1.5"), ("confidence", "nan"), ("confidence", "high"), ("confidence", True),
        ("confidence", 10**400), ("duration_seconds", -1), ("is_gold", "maybe"), ("cites", [1]),
        ("cites", "[1"), ("status", "done"), ("batch", {"a": 1}), ("annotated_at", "2026-01-05"),
    ],
)  # fmt: skip
def test_a_value_that_does_not_fit_is_refused(name: str, raw: Any) -> None:
    with pytest.raises(ValueError, match=r"^(is|are) "):
        fitted(BY_NAME[name], raw)


@pytest.mark.parametrize(
    "key",
    ["user_ip", "ip", "IP", "ipAddress", "client.ip_addr", "e-mail", "workerEmail", "email_address",
     "user_agent", "userAgent", "metadata.user_agent", "HTTPUserAgent", "REMOTE_ADDR", "phone"],
)  # fmt: skip
def test_keys_of_personal_data_are_known(key: str) -> None:
    assert personal_key(key)


@pytest.mark.parametrize("key", ["script", "zip_code", "tip", "user", "agent", "rank", "shipping", "chip"])  # fmt: skip
def test_keys_that_only_look_similar_stay(key: str) -> None:
    assert not personal_key(key)


def test_mail_addresses_are_seen_in_values() -> None:
    assert is_mail(" ada@example.org ")
    assert not is_mail("ask ada@example.org")
    assert holds_mail("ask <ada@example.org>")
    assert not holds_mail("5 @ 3.50")


def test_a_pseudonym_depends_on_the_salt_only() -> None:
    one = Privacy(SALT)
    assert one.pseudonym("w1") == Privacy(SALT).pseudonym("w1") != Privacy("x" * 16).pseudonym("w1")
    assert one.pseudonym("w1") != one.pseudonym("w2")
    assert Privacy(None).pseudonym("w1") == "w1"


def _recorded(
    fields: dict[str, Any], extra: dict[str, Any], *id_parts: str, **options: Any
) -> tuple[list[dict[str, Any]], Tally]:
    tally = Tally()
    whole = {"item": "doc", "label": "pos", "source": "test"} | fields
    privacy = Privacy(SALT, **options)
    return list(records([Draft(7, whole, extra, id_parts)], privacy, tally)), tally


def test_no_id_of_a_person_is_left_anywhere_in_a_record() -> None:
    fields = {"annotator": "WORKER77", "reviewer": "BOSS99", "rationale": "ask ada@example.org"}
    extra = {
        "copy": "WORKER77", "deep": [{"by": "BOSS99", "userAgent": "Mozilla", "ok": 1}],
        "account": 4711, "ip": "10.0.0.1", "contact": "ada@example.org", "secret": "x", "rank": "3",
    }  # fmt: skip
    found, tally = _recorded(
        fields, extra, "WORKER77", "doc:1", drop=("secret",), people=("account",)
    )
    text = str(found)
    for raw in ("WORKER77", "BOSS99", "4711", "10.0.0.1", "Mozilla", "'ada@"):
        assert raw not in text
    record = found[0]
    assert record["id"] == f"{record['annotator']}:doc%3A1"
    assert record["extra"] == {
        "copy": record["annotator"], "deep": [{"by": record["reviewer"], "ok": 1}],
        "account": Privacy(SALT).pseudonym("4711"), "rank": "3",
    }  # fmt: skip
    assert {reason: seen.count for reason, seen in tally.kinds[DROPPED].items()} == {
        "ip: looks like an IP address": 1,
        "contact: its value is an e-mail address": 1,
        "deep.userAgent: looks like a browser": 1,
        "secret: left out as asked": 1,
    }
    assert list(tally.kinds[NOTED]) == ["rationale holds an e-mail address; it was kept"]


def test_a_key_that_only_looks_personal_can_be_kept() -> None:
    found, _ = _recorded({}, {"mail": "spam", "ip": "x"}, keep=("mail",))
    assert found[0]["extra"] == {"mail": "spam"}


def test_a_value_that_fits_no_field_stays_in_extra_and_is_counted() -> None:
    found, tally = _recorded({"confidence": "5", "status": "done"}, {"rank": "3"}, "r1")
    assert found[0] == {
        "id": "r1",
        "item": "doc",
        "label": "pos",
        "source": "test",
        "extra": {"rank": "3", "confidence": "5", "status": "done"},
    }
    assert {seen.places[0] for seen in tally.kinds[LOST].values()} == {"7"}
    assert tally.count(LOST) == 2


@pytest.mark.parametrize(
    ("fields", "ids", "told"),
    [
        ({"item": None}, ("r1",), "has no item"),
        ({"label": None}, ("r1",), "has no answer: neither label nor value"),
        ({}, ("",), "has no id"),
    ],
)
def test_a_row_without_what_every_record_needs_is_left_out(
    fields: dict[str, Any], ids: tuple[str, ...], told: str
) -> None:
    found, tally = _recorded(fields, {}, *ids)
    assert found == []
    assert tally.value()["left_out"] == [{"reason": told, "count": 1, "places": ["7"]}]


def test_an_id_from_the_row_is_the_same_for_the_same_row_only() -> None:
    same, again, other = (_recorded({}, {"n": n})[0][0]["id"] for n in (1, 1, 2))
    assert same == again != other
    assert joined(["a:b", "c"]) != joined(["a", "b:c"])
    assert joined(["a%3A", "b"]) != joined(["a:", "b"])


def test_a_tally_counts_exactly_and_stays_small() -> None:
    tally = Tally()
    for number in range(5000):
        tally.add(LEFT_OUT, f"reason {number}", number)
        tally.add(LOST, "one", number)
        tally.version(str(number))
    assert tally.count(LEFT_OUT) == tally.count(LOST) == sum(tally.versions.values()) == 5000
    assert len(tally.kinds[LEFT_OUT]) == len(tally.versions) == 101
    assert tally.kinds[LOST]["one"].places == [str(number) for number in range(MAX_PLACES)]
