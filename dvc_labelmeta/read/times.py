"""Times of exports as RFC 3339 with a zone; a time whose zone nobody knows is no time."""

from __future__ import annotations

import datetime as dt
import zoneinfo
from typing import Any

from dvc_labelmeta.errors import Refused

UTC = dt.timezone.utc
_EPOCHS = {"epoch": 1, "epoch_ms": 1000}


class TimeFormat:
    """One way to write times.

    format: as strptime has it, or epoch (seconds) or epoch_ms; None = ISO 8601, `UTC` allowed.
    zone: of times that name none. Raises Refused for an unknown zone.
    """

    def __init__(self, format_: str | None = None, zone: str | None = None) -> None:
        self.format = format_
        self.zone: dt.tzinfo | None = None
        if zone in {"UTC", "Z"}:
            self.zone = UTC
        elif zone is not None:
            try:
                self.zone = zoneinfo.ZoneInfo(zone)
            except (zoneinfo.ZoneInfoNotFoundError, ValueError, OSError):
                raise Refused(f"zone {zone}: no such time zone here (like Europe/Berlin)") from None

    def time(self, value: Any) -> dt.datetime:
        """Return the time that a value of an export means; raises ValueError, saying why not."""
        if self.format in _EPOCHS:
            return self._epoch(value, _EPOCHS[self.format])
        if not isinstance(value, str):
            raise ValueError("is no text that holds a time")  # noqa: TRY004  # about the export
        found = self._iso(value.strip()) if self.format is None else self._formatted(value.strip())
        if found.tzinfo is None:
            if self.zone is None:
                raise ValueError("is a time without a zone; give `zone:` in the mapping")
            found = found.replace(tzinfo=self.zone)
        return found

    @staticmethod
    def _epoch(value: Any, unit: int) -> dt.datetime:
        try:
            return dt.datetime.fromtimestamp(float(value) / unit, UTC)
        except (TypeError, ValueError, OverflowError, OSError):
            raise ValueError("is no time in seconds since 1970") from None

    @staticmethod
    def _iso(text: str) -> dt.datetime:
        if len(text) < 11:
            raise ValueError("is no ISO 8601 time of day")
        tail = text[10:]
        for name in (" UTC", "UTC", "Z", "z"):
            if tail.endswith(name):
                tail = tail[: -len(name)] + "+00:00"
                break
        seconds, point, rest = tail.partition(".")
        if point:  # Python 3.10 reads three or six digits only
            digits = rest[: len(rest) - len(rest.lstrip("0123456789"))]
            tail = f"{seconds}.{(digits + '000000')[:6]}{rest[len(digits) :]}"
        try:
            return dt.datetime.fromisoformat(text[:10] + tail)
        except ValueError:
            raise ValueError("is no ISO 8601 time") from None

    def _formatted(self, text: str) -> dt.datetime:
        try:
            return dt.datetime.strptime(text, self.format or "")  # noqa: DTZ007  # zone: see `time`
        except ValueError:
            raise ValueError(f"is no time written as {self.format}") from None


def rfc3339(time: dt.datetime) -> str:
    """Return a time as records hold it: with its zone, milliseconds only where there are any."""
    micro = time.microsecond
    spec = "seconds" if not micro else "milliseconds" if micro % 1000 == 0 else "microseconds"
    text = time.isoformat(timespec=spec)
    if len(text.rsplit("+" if "+" in text else "-", 1)[-1]) > 5:
        # a zone with seconds (local mean time) is no RFC 3339
        return rfc3339(time.astimezone(UTC))
    return text


def seconds_between(start: dt.datetime, end: dt.datetime) -> float:
    """Return the seconds from start to end; raises ValueError where the end is earlier."""
    seconds = (end - start).total_seconds()
    if seconds < 0:
        raise ValueError("ends before it starts")
    return seconds
