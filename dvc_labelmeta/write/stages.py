"""DVC stages as text: our own gate file from a template, a user's dvc.yaml by splicing."""

from __future__ import annotations

import os
import re
from typing import Any

import yaml

from dvc_labelmeta.errors import LabelMetaError, Refused
from dvc_labelmeta.model.config import Config
from dvc_labelmeta.model.gate import FOLDER, gate_path
from dvc_labelmeta.write.splice import Text, plain, quoted

# DVC hashes the bytes of gates, and events are named by the hash of theirs
ATTRIBUTES = (f"{FOLDER}/** -text", "labelmeta/ledger/** -text")
_UNSAFE = re.compile(r"[\"$`\\\x00-\x1f]")


def templates_folder() -> str:
    """Return the folder of templates: in the package when installed, beside it in a checkout."""
    package = os.path.dirname(os.path.dirname(os.path.abspath(__file__)))
    for folder in (os.path.join(package, "templates"), os.path.join(package, "..", "templates")):
        if os.path.isdir(folder):
            return os.path.normpath(folder)
    raise LabelMetaError(f"the templates of labelmeta are missing in {package}; install it anew")


def template(*parts: str) -> str:
    """Return the text of a template; raises LabelMetaError with the list of those there are."""
    path = os.path.join(templates_folder(), *parts)
    try:
        with open(path, encoding="utf-8") as file:
            return file.read()
    except FileNotFoundError:
        known = ", ".join(sorted(os.listdir(os.path.dirname(path))))
        raise LabelMetaError(f"there is no template {'/'.join(parts)}; there are {known}") from None


def refuse_unsafe(split: str) -> None:
    """Raise Refused for a name that a shell would not take literally in double quotes."""
    bad = _UNSAFE.search(split)
    if bad:
        raise Refused(
            f"{split!r} holds {bad.group()!r}, which the shell that DVC runs stages in would "
            "change; rename the data"
        )
    _refuse_unspeakable(split)


def _refuse_unspeakable(split: str) -> None:
    """Raise Refused for a file name that is not UTF-8: no YAML file can hold it."""
    try:
        split.encode()
    except UnicodeEncodeError:
        raise Refused(f"{split!r} is not UTF-8, which YAML files need; rename the data") from None


def gates_text(config: Config, splits: list[str]) -> str:
    """Return labelmeta/dvc.yaml for these splits, in the kind that the configuration asks for."""
    kind, ordered = config.gate, sorted(set(splits))
    for split in ordered:
        _refuse_unspeakable(split)
    text = template("stages", f"gate-{kind}.yaml")
    if kind == "single" and not ordered:
        return text.split("stages:")[0] + "stages: {}\n"
    blocks = {
        "splits": [plain(split) for split in ordered],
        "gates": [plain(gate_path(split)) + ":" for split in ordered],
        "guidelines": [plain(ref.path) for ref in config.guidelines if ref.repo is None],
    }
    lines: list[str] = []
    for line in text.splitlines():
        match = re.match(r"( *)- \{\{(splits|gates|guidelines)\}\}\s*$", line)
        if match is None:
            lines.append(line)
            continue
        indent, name = match.groups()
        for item in blocks[name]:
            lines.append(f"{indent}- {item}")
            if name == "gates":
                lines.append(f"{indent}    cache: false")
    filled = "\n".join(lines) + "\n"
    return filled if ordered else filled.replace("foreach:\n", "foreach: []\n")


def with_attributes(text: str) -> str:
    """Return .gitattributes with the lines that keep gates and ledger byte for byte."""
    for line in ATTRIBUTES:
        if line not in text.splitlines():
            text += ("" if not text or text.endswith("\n") else "\n") + line + "\n"
    return text


def required(text: str, stage: str, deps: list[str]) -> str:
    """Return a dvc.yaml in which `stage` also depends on `deps`; no other byte changes.

    Raises Refused where the stage is not there or its layout does not allow a safe splice.
    """
    after = text
    for dep in deps:
        after = _with_item(after, stage, "deps", dep, plain(dep))
    _refuse_collateral(text, after, stage, "deps")
    return after


def with_params(text: str, stage: str, params: dict[str, list[str]]) -> str:
    """Return a dvc.yaml in which `stage` also names keys of sidecars as params."""
    after = text
    for path, keys in params.items():
        entry = f"{plain(path)}: [{', '.join(plain(key) for key in keys)}]"
        after = _with_item(after, stage, "params", path, entry)
        for key in keys:
            after = _with_key(after, stage, path, key)
    _refuse_collateral(text, after, stage, "params")
    return after


def _with_key(text: str, stage: str, path: str, key: str) -> str:
    """Return the text with `key` in the list that `path` has among the params of a stage.

    It may have had fewer keys, of the layers that were linked then. A file without a list
    stands for all its keys.
    """
    body, spliced = (*_body(text, stage), "params"), Text(text)
    files = [one for one in spliced.node(body).value if isinstance(one, yaml.MappingNode)]
    lists = [keys for one in files for _, keys in one.value]
    for number in range(len(spliced.node(body).value)):
        here: tuple[str | int, ...] = (*body, number, path)
        keys = spliced.node(here)
        if isinstance(keys, yaml.SequenceNode) and keys.value and key not in _items(keys):
            if sum(one is keys for one in lists) > 1:  # an alias is the node itself
                raise Refused(
                    f"stage {stage!r} shares params through a YAML anchor; edit it by hand"
                )
            return spliced.add_item(here, plain(key)).text
    return text


def _with_item(text: str, stage: str, key: str, name: str, item: str) -> str:
    """Return the text with `item` in the list `key` of a stage, unless `name` is there already."""
    body, spliced = _body(text, stage), Text(text)
    current = spliced.node((*body, key))
    if current is None:
        if spliced.node((*body, "cmd")) is None:
            raise Refused(f"stage {stage!r} has no cmd of its own; edit it by hand")
        return _insert_list(spliced, body, key, item)
    _refuse_alias(text, current, stage)
    if not isinstance(current, yaml.SequenceNode):
        raise Refused(f"{key} of stage {stage!r} is no list; edit it by hand")
    if name in _items(current):
        return text
    shown = "{" + item + "}" if key == "params" and current.flow_style else item
    if current.value:
        return spliced.add_item((*body, key), shown).text
    at = current.start_mark.index + 1
    return spliced.replaced(at, at, shown).text


def with_strict_cmd(text: str, stage: str, splits: list[str]) -> str:
    """Return a dvc.yaml in which the cmd of `stage` begins with `labelmeta gate`."""
    call = "labelmeta gate -- " + " ".join(f'"{split}"' for split in splits)
    after = _strict(text, stage, call)
    _refuse_collateral(text, after, stage, "cmd")
    return after


def _strict(text: str, stage: str, call: str) -> str:
    body, spliced = _body(text, stage), Text(text)
    node = spliced.node((*body, "cmd"))
    if node is None or not node.value:
        raise Refused(f"stage {stage!r} has no cmd of its own; edit it by hand")
    _refuse_alias(text, node, stage)
    if isinstance(node, yaml.SequenceNode):
        return _strict_list(spliced, node, call)
    if str(node.value).lstrip().startswith("labelmeta gate"):
        return text
    if node.style in {"|", ">"}:
        return _strict_block(spliced, node, call)
    old = spliced.text[node.start_mark.index : node.end_mark.index]
    if "\n" in old:
        raise Refused(f"the cmd of {stage!r} runs over several lines; put `{call}` in by hand")
    return _strict_line(spliced, spliced.node(body), node, call)


def _strict_list(spliced: Text, node: Any, call: str) -> str:
    if any(str(item.value).startswith("labelmeta gate") for item in node.value):
        return spliced.text
    first = node.value[0].start_mark.index
    if node.flow_style:
        return spliced.replaced(first, first, _quoted_item(call) + ", ").text
    gap = " " * node.start_mark.column
    dash = spliced.text.rfind("-", 0, first)
    return spliced.replaced(dash, dash, f"- {_quoted_item(call)}{spliced.newline}{gap}").text


def _strict_block(spliced: Text, node: Any, call: str) -> str:
    start = spliced.text.index("\n", node.start_mark.index) + 1
    indent = re.match(r"\s*", spliced.text[start:])
    gap = indent.group().rsplit("\n", 1)[-1] if indent else ""
    # a block is one script: `&&` would hold back its first command only
    return spliced.replaced(start, start, f"{gap}{call} || exit 1;{spliced.newline}").text


def _strict_line(spliced: Text, body: Any, node: Any, call: str) -> str:
    start, end = node.start_mark.index, node.end_mark.index
    if body.flow_style:
        new = f"[{_quoted_item(call)}, {_quoted_item(str(node.value))}]"
        return spliced.replaced(start, end, new).text
    gap = spliced.newline + " " * (body.start_mark.column + 2)
    new = f"{gap}- {_quoted_item(call)}{gap}- {spliced.text[start:end]}"
    start = len(spliced.text[:start].rstrip(" "))
    return spliced.replaced(start, end, new).text


def _quoted_item(command: str) -> str:
    return "'" + command.replace("'", "''") + "'" if '"' in command else quoted(command)


def _body(text: str, stage: str) -> tuple[str, ...]:
    spliced = Text(text)
    base = ("stages", stage)
    node = spliced.node(base)
    if not isinstance(node, yaml.MappingNode):
        stages = spliced.node(("stages",))
        names = [k.value for k, _ in stages.value] if isinstance(stages, yaml.MappingNode) else []
        raise Refused(f"there is no stage {stage!r}; there are {', '.join(names) or 'none'}")
    _refuse_alias(text, node, stage)
    many = spliced.node((*base, "do"))
    return (*base, "do") if many is not None else base


def _refuse_alias(text: str, node: Any, stage: str) -> None:
    """Refuse a node that an alias or anchor shares: a splice would change it everywhere."""
    before = text[: node.start_mark.index].rstrip()
    if re.search(r"[&*][^\s,\[\]{}]+\Z", before):
        raise Refused(f"stage {stage!r} shares this part through a YAML anchor; edit it by hand")
    if text.count("*") and re.search(r":\s*\*[\w-]+", text):
        anchors = re.findall(r"&([\w-]+)", text[: node.start_mark.index].rsplit("\n", 1)[-1])
        if anchors:
            raise Refused(
                f"stage {stage!r} shares this part through a YAML anchor; edit it by hand"
            )


def _refuse_collateral(before: str, after: str, stage: str, key: str) -> None:
    """Refuse a splice that changed more than `key` of the stage: anchors and merges do that."""
    old, new = (_unshared(yaml.safe_load(text)) for text in (before, after))
    was, now = _taken(old, stage, key), _taken(new, stage, key)
    kept = key == "cmd" or _kept(was, now)
    if old != new or not kept:
        raise Refused(f"stage {stage!r} shares {key} through a YAML anchor; edit it by hand")


def _kept(was: list[Any], now: list[Any]) -> bool:
    """Whether a list only grew: at its end, or in the lists of keys of its files."""
    if len(now) < len(was):
        return False
    for old, new in zip(was, now, strict=False):
        if isinstance(old, dict) and isinstance(new, dict) and list(old) == list(new):
            pairs = [(old[name], new[name]) for name in old]
        else:
            pairs = [(old, new)]
        if any(a != b and (not isinstance(a, list) or b[: len(a)] != a) for a, b in pairs):
            return False
    return True


def _unshared(value: Any) -> Any:
    """Copy a parsed value so that what an alias repeats is no longer one object."""
    if isinstance(value, dict):
        return {key: _unshared(item) for key, item in value.items()}
    return [_unshared(item) for item in value] if isinstance(value, list) else value


def _taken(value: Any, stage: str, key: str) -> Any:
    """Take `key` out of a stage and return what it was; a list where it was not there."""
    body = value["stages"][stage]
    body = body.get("do", body)
    return body.pop(key, None) or []


def _items(node: Any) -> set[str]:
    names: set[str] = set()
    for item in node.value:
        if isinstance(item, yaml.MappingNode):
            names.update(k.value for k, _ in item.value)
        else:
            names.add(str(item.value))
    return names


def _insert_list(spliced: Text, body: tuple[str, ...], key: str, item: str) -> str:
    node = spliced.node(body)
    if node.flow_style:
        shown = "{" + item + "}" if key == "params" else item
        return spliced.insert(body, key, f"[{shown}]").text
    gap = spliced.newline + " " * (node.value[0][0].start_mark.column + 2)
    return spliced.insert(body, key, f"{gap}- {item}").text


def with_gate_kind(text: str, current: Any, kind: str) -> str:
    """Return labelmeta.yaml with another kind of gate stage."""
    if not isinstance(current, dict):
        raise Refused("labelmeta.yaml is no mapping")
    if current.get("gate", "always") == kind:
        return text
    if "gate" in current:
        return Text(text).set(("gate",), kind).text
    return Text(text).insert((), "gate", kind).text
