"""People's ids become pseudonyms; addresses and browsers are left out.

A pseudonym is a keyed hash (HMAC-SHA-256) of the platform's id. Platforms' ids are few and many
are public, so that whoever knows the key can try them all: the key (the salt) never goes into Git.
"""

from __future__ import annotations

import functools
import hmac
import itertools
import re
from collections.abc import Iterable
from typing import Any

_HUMP = re.compile(r"(?<=[a-z0-9])(?=[A-Z])|(?<=[A-Z])(?=[A-Z][a-z])")
_WORD = re.compile(r"[a-z0-9]+")
_MAIL = re.compile(r"[^@\s<>]+@[^@\s<>]+\.[A-Za-z]{2,}")
_PERSONAL = {
    "email": "an e-mail address", "mail": "an e-mail address", "emails": "an e-mail address",
    "ip": "an IP address", "ipaddress": "an IP address", "ipaddr": "an IP address",
    "ipv4": "an IP address", "ipv6": "an IP address", "useragent": "a browser",
    "phone": "a telephone number", "telephone": "a telephone number",
}  # fmt: skip
_PERSONAL_PAIRS = {
    ("e", "mail"): "an e-mail address",
    ("user", "agent"): "a browser",
    ("remote", "addr"): "an IP address",
}


@functools.lru_cache(maxsize=4096)
def personal_key(key: str) -> str:
    """Say what personal data a key names ("an IP address"), "" for none."""
    words = _WORD.findall(_HUMP.sub("_", key.rsplit(".", 1)[-1]).lower())
    for word in words:
        if word in _PERSONAL:
            return _PERSONAL[word]
    for pair in itertools.pairwise(words):
        if pair in _PERSONAL_PAIRS:
            return _PERSONAL_PAIRS[pair]
    return ""


def is_mail(value: Any) -> bool:
    """Whether a value is an e-mail address and nothing else."""
    return isinstance(value, str) and "@" in value and bool(_MAIL.fullmatch(value.strip()))


def holds_mail(value: Any) -> bool:
    """Whether a text holds an e-mail address somewhere."""
    return isinstance(value, str) and "@" in value and bool(_MAIL.search(value))


class Privacy:
    """How ids of people are written: as pseudonyms, or as they are where `salt` is None.

    keep, drop, people: keys of an export to keep although they look like personal data, to leave
    out, and to write as pseudonyms.
    """

    def __init__(
        self,
        salt: str | None,
        keep: Iterable[str] = (),
        drop: Iterable[str] = (),
        people: Iterable[str] = (),
    ) -> None:
        self.people = frozenset(people)
        self.salt = salt.encode() if salt is not None else None
        self.keep = frozenset(keep)
        self.drop = frozenset(drop)
        self._known: dict[str, str] = {}

    def pseudonym(self, id_: str) -> str:
        """Return the pseudonym of an id: the same id always gets the same one under one salt."""
        if self.salt is None:
            return id_
        known = self._known.get(id_)
        if known is None:
            known = f"a-{self.digest(id_)}"
            if len(self._known) < 100_000:  # only to save time
                self._known[id_] = known
        return known

    def digest(self, text: str) -> str:
        """Return 64 bits of the keyed hash of a text, as 16 hex digits."""
        return hmac.new(self.salt or b"", text.encode(), "sha256").hexdigest()[:16]

    def reason(self, key: str, value: Any) -> str:
        """Say why a key of an export is left out, "" for those that stay."""
        name = key.rsplit(".", 1)[-1]
        if key in self.keep:
            return ""
        if key in self.drop or name in self.drop:
            return "left out as asked"
        if what := personal_key(key):
            return f"looks like {what}"
        return "its value is an e-mail address" if is_mail(value) else ""
