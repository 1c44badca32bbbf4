"""Change single values in a YAML text by splicing: no other byte of the text changes."""

from __future__ import annotations

import json
import re
from collections.abc import Iterator
from functools import cached_property
from typing import Any

import yaml

from dvc_labelmeta.errors import Refused

Pointer = tuple[str | int, ...]

_PLAIN = re.compile(r"[A-Za-z_][A-Za-z0-9_./-]*\Z")
# YAML refuses these, or takes them for line ends, even in quotes
_UNPRINTED = re.compile("[\x7f-\x9f\u2028\u2029\ud800-\udfff\ufeff\ufffe\uffff]")
_WORDS = {"null", "true", "false", "yes", "no", "on", "off", "y", "n"}


def quoted(value: str) -> str:
    """Return a YAML scalar for a text, always in quotes (hashes, versions and dates need them)."""
    return _UNPRINTED.sub(
        lambda one: f"\\u{ord(one.group()):04x}", json.dumps(value, ensure_ascii=False)
    )


def plain(value: str) -> str:
    """Return a YAML scalar for a text, without quotes where every YAML dialect reads it alike."""
    if _PLAIN.match(value) and value.lower() not in _WORDS:
        return value
    return quoted(value)


def flow(value: Any) -> str:
    """Return a value in YAML's one-line form."""
    if isinstance(value, dict):
        return "{" + ", ".join(f"{plain(k)}: {flow(v)}" for k, v in value.items()) + "}"
    if isinstance(value, list):
        return "[" + ", ".join(flow(item) for item in value) + "]"
    return plain(value) if isinstance(value, str) else json.dumps(value)


class Text:
    """A YAML text and the places of its nodes; every change returns a new one."""

    def __init__(self, text: str) -> None:
        self.text = text

    @cached_property
    def root(self) -> Any:
        """The root node, None for an empty text; composed once, as that takes milliseconds."""
        return yaml.compose(self.text, Loader=yaml.SafeLoader)

    def node(self, pointer: Pointer) -> Any:
        """Return the node a pointer names, or None."""
        node = self.root
        for key in pointer:
            node = _child(node, key)
            if node is None:
                return None
        return node

    def replaced(self, start: int, end: int, new: str) -> Text:
        """Return the text with characters start..end replaced; raises if it is YAML no longer."""
        result = Text(self.text[:start] + new + self.text[end:])
        result.node(())
        return result

    def set(self, pointer: Pointer, scalar: str) -> Text:
        """Return the text with the scalar at `pointer` replaced by YAML source `scalar`."""
        node = self.node(pointer)
        if not isinstance(node, yaml.ScalarNode) or node.style in ("|", ">"):
            raise Refused(f"{_name(pointer)} is no simple value here; edit the file by hand")
        return self.replaced(node.start_mark.index, node.end_mark.index, scalar)

    def insert(self, pointer: Pointer, key: str, scalar: str) -> Text:
        """Return the text with `key: scalar` added at the end of the mapping at `pointer`."""
        node = self.node(pointer)
        if not isinstance(node, yaml.MappingNode) or not node.value:
            raise Refused(f"{_name(pointer)} is no mapping here; edit the file by hand")
        if node.flow_style:
            at = node.value[-1][1].end_mark.index
            return self.replaced(at, at, f", {plain(key)}: {scalar}")
        first, last = node.value[0][0], node.value[-1]
        at = self.end_of_line(_end(last[1]))
        space = "" if scalar[:1] in {"\r", "\n"} else " "
        gap, line = " " * first.start_mark.column, f"{plain(key)}:{space}{scalar}"
        if at == len(self.text) and getattr(last[1], "style", None) in {"|", ">"}:
            # a line end behind this block would become part of its text
            start = first.start_mark.index
            return self.replaced(start, start, line + self.newline + gap)
        return self._line_at(at, gap + line)

    def put(self, pointer: Pointer, source: str) -> Text:
        """Return the text with all that stands at `pointer` replaced by one line of YAML source."""
        parent, node = self.node(pointer[:-1]), self.node(pointer)
        key = next(k for k, v in parent.value if v is node)
        start = self.text.index(":", key.end_mark.index) + 1
        if "#" in self.text[start : node.start_mark.index]:
            raise Refused(f"{_name(pointer)} begins with a comment; edit the file by hand")
        return self.replaced(start, _end(node), f" {source}")

    def exchange(self, pointer: Pointer, key: str, source: str) -> Text:
        """Return the text with the key at `pointer` and all that it holds, comments too, replaced.

        A comment behind it on its last line goes with it.
        """
        parent, node = self.node(pointer[:-1]), self.node(pointer)
        old = next(k for k, v in parent.value if v is node)
        end = _end(node) if parent.flow_style else self.end_of_line(_end(node))
        end = len(self.text[:end].rstrip())  # a block of text reaches over empty lines
        return self.replaced(old.start_mark.index, end, f"{plain(key)}: {source}")

    def insert_after(self, pointer: Pointer, key: str, source: str) -> Text:
        """Return the text with `key: source` on a line of its own below the key at `pointer`."""
        parent, node = self.node(pointer[:-1]), self.node(pointer)
        if parent.flow_style:
            return self.insert(pointer[:-1], key, source)
        gap = " " * parent.value[0][0].start_mark.column
        return self._line_at(self.end_of_line(_end(node)), f"{gap}{plain(key)}: {source}")

    def _line_at(self, at: int, line: str) -> Text:
        return self.replaced(at, at, self.newline + line)

    @property
    def newline(self) -> str:
        """The line end this text uses."""
        return "\r\n" if "\r\n" in self.text else "\n"

    def end_of_line(self, at: int) -> int:
        """Return the position of the end of the line that holds position `at`."""
        end = self.text.find("\n", at)
        if end < 0:
            return len(self.text)
        return end - 1 if self.text[end - 1 : end] == "\r" else end

    def add_item(self, pointer: Pointer, scalar: str) -> Text:
        """Return the text with an item added to the list at `pointer`."""
        node = self.node(pointer)
        if not isinstance(node, yaml.SequenceNode) or not node.value:
            raise Refused(f"{_name(pointer)} is no list here; edit the file by hand")
        last = node.value[-1]
        if node.flow_style:
            at = last.end_mark.index
            return self.replaced(at, at, f", {scalar}")
        at = self.end_of_line(_end(last))
        return self._line_at(at, " " * node.start_mark.column + f"- {scalar}")

    def remove(self, pointer: Pointer) -> Text:
        """Return the text without the key at `pointer` and its simple value."""
        parent, node = self.node(pointer[:-1]), self.node(pointer)
        key = next(k for k, v in parent.value if v is node)
        if parent.flow_style:
            start, end = key.start_mark.index, node.end_mark.index
            rest = re.match(r"\s*,\s*", self.text[end:])
            if rest:
                return self.replaced(start, end + rest.end(), "")
            before = re.search(r",\s*\Z", self.text[:start])
            return self.replaced(before.start() if before else start, end, "")
        start = self.text.rfind("\n", 0, key.start_mark.index) + 1
        end = self.text.find("\n", node.end_mark.index) + 1 or len(self.text)
        return self.replaced(start, end, "")


def _child(node: Any, key: str | int) -> Any:
    if isinstance(node, yaml.MappingNode):
        return next((v for k, v in node.value if k.value == key), None)
    if isinstance(node, yaml.SequenceNode) and isinstance(key, int):
        return node.value[key] if key < len(node.value) else None
    return None


def _end(node: Any) -> int:
    """Return where the last scalar of a node ends: block nodes reach over trailing comments."""
    while not isinstance(node, yaml.ScalarNode) and node.value and not node.flow_style:
        last = node.value[-1]
        node = last[1] if isinstance(node, yaml.MappingNode) else last
    end: int = node.end_mark.index
    if isinstance(node, yaml.ScalarNode) and node.style in ("|", ">"):
        return end - 1
    return end


def _name(pointer: Pointer) -> str:
    return ".".join(map(str, pointer)) or "the file"


def merged(text: str, current: Any, wanted: dict[str, Any]) -> str:
    """Return a YAML mapping's text with the values of `wanted`, all else byte for byte the same.

    `current` is the parsed text. A key whose wanted value is None is removed.
    """
    return _merged(Text(text), current, wanted, ()).text


def _merged(text: Text, current: Any, wanted: dict[str, Any], at: Pointer) -> Text:
    for key, value in wanted.items():
        here = (*at, key)
        old = current.get(key)
        if isinstance(value, dict) and isinstance(old, dict) and old:
            text = _merged(text, old, value, here)
        elif value == old and type(value) is type(old):
            continue
        elif key in current and text.node(here) is None:
            raise Refused(f"{_name(here)} comes from a merge key (`<<`); edit the file by hand")
        elif value is None:
            text = text.remove(here) if key in current else text
        elif key not in current:
            text = _inserted(text, at, key, value)
        elif isinstance(old, (dict, list)):
            node = text.node(here)
            if not node.flow_style:
                raise Refused(f"{_name(here)} is a block list or mapping; edit the file by hand")
            spot = (node.start_mark.index, node.end_mark.index)
            text = text.replaced(*spot, flow(value))
        else:
            text = text.set(here, _source(key, value))
    return text


def _inserted(text: Text, at: Pointer, key: str, value: Any) -> Text:
    """Add a key; a mapping in a block mapping is laid out line by line, as in a new sidecar."""
    parent = text.node(at)
    if not isinstance(value, dict) or parent is None or not parent.value or parent.flow_style:
        return text.insert(at, key, _source(key, value))
    column = parent.value[0][0].start_mark.column + 2
    return text.insert(at, key, text.newline.join(["", *_block(value, column)]))


def _block(value: dict[str, Any], column: int) -> Iterator[str]:
    for key, item in value.items():
        if isinstance(item, dict) and item:
            yield " " * column + f"{plain(key)}:"
            yield from _block(item, column + 2)
        elif item is not None:
            yield " " * column + f"{plain(key)}: {_source(key, item)}"


def _source(key: str, value: Any) -> str:
    """Return the YAML source of a value; hashes and versions are always in quotes."""
    if key in ("value", "version", "commit", "object") and isinstance(value, str):
        return quoted(value)
    if isinstance(value, dict):
        pairs = (f"{plain(k)}: {_source(k, v)}" for k, v in value.items() if v is not None)
        return "{" + ", ".join(pairs) + "}"
    return flow(value)
