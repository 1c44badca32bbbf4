"""Splits through all the names that they had."""

from __future__ import annotations

from bisect import bisect_right

from dvc_labelmeta.model.sidecar import Sidecar


class SplitNames:
    """Which split a path was at a time: `came` is told in the order of time."""

    def __init__(self) -> None:
        self._lives: dict[str, list[tuple[int, int]]] = {}  # by path: (order, number of a split)
        self._all: list[list[str]] = []

    def came(self, path: str, before: str, order: int) -> None:
        """Take note that a sidecar came at `path`; before: the path it was moved from, or ""."""
        old = self._lives.get(before)
        if old:
            number = old[-1][1]
            self._all[number].append(path)
        else:
            number = len(self._all)
            self._all.append([path])
        self._lives.setdefault(path, []).append((order, number))

    def names(self, path: str, order: int) -> tuple[str, ...]:
        """Return all names of the split that was at `path` then, the last one first."""
        lives = self._lives.get(path)
        if not lives:
            return (path,)
        at = bisect_right(lives, (order, len(self._all))) - 1
        return tuple(dict.fromkeys(reversed(self._all[lives[max(at, 0)][1]])))

    def asked(self, path: str) -> tuple[str, ...]:
        """Return the names of the split that is at `path` now, or was last; () for none."""
        lives = self._lives.get(path)
        return self.names(path, lives[-1][0]) if lives else ()


def core(one: Sidecar) -> tuple[object, ...]:
    """Return what a move leaves as it is."""
    links = tuple((layer.name, layer.guideline, layer.mode) for layer in one.layers)
    return links, one.data.hash, one.data.value
