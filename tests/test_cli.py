"""The command line from outside: help, exit codes, outputs, and what a start costs in imports."""

from __future__ import annotations

import json
import os
import shlex
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest
import typer

from dvc_labelmeta import __version__
from dvc_labelmeta.checks.audit_kinds import KINDS
from dvc_labelmeta.checks.catalogue import RULES
from dvc_labelmeta.cli.app import app, run
from tests.repo import LABELMETA, Repo


def _commands(command: Any, name: str = "labelmeta") -> Iterator[tuple[str, Any]]:
    yield name, command
    for sub in command.list_commands(None) if hasattr(command, "list_commands") else ():
        yield from _commands(command.get_command(None, sub), f"{name} {sub}")


ROOT = typer.main.get_command(app)
COMMANDS = dict(_commands(ROOT))
EXAMPLES = {name: command.epilog for name, command in COMMANDS.items() if name != "labelmeta"}


def test_the_commands_are_those_of_the_design() -> None:
    top = {name.split()[1] for name in EXAMPLES}
    wanted = "init guideline link unlink mv check gate status explain stage hook"
    assert set(wanted.split()) <= top


@pytest.mark.parametrize("name", COMMANDS)
def test_help_of_every_command_option_and_argument(name: str) -> None:
    command = COMMANDS[name]
    first = command.help.split("\n\n")[0].strip()
    assert first.endswith("."), "a sentence says what it does"
    assert first[0].isupper()
    for parameter in command.params:
        assert (parameter.help or "").strip(), f"{parameter.name} has no help"


@pytest.mark.parametrize("name", EXAMPLES)
def test_every_example_is_a_command_that_parses(name: str) -> None:
    assert EXAMPLES[name].startswith("Example: ")
    lines = EXAMPLES[name].removeprefix("Example: ").split("&&")
    words = next(shlex.split(line) for line in lines if line.strip().startswith(name))
    words = words[: words.index(">")] if ">" in words else words
    command: Any = ROOT
    while words := words[1:]:
        if not hasattr(command, "commands"):
            break
        command = command.commands[words[0]]
    command.make_context(name, list(words))  # raises on an unknown option or a missing argument


def test_other_commands_start_without_those_on_annotations() -> None:
    told = "from dvc_labelmeta.cli.app import run; import sys; run(['--help']); "
    loaded = "print(*(name for name in sys.modules if 'cli.annotations_' in name), file=sys.stderr)"
    ran = subprocess.run(
        [sys.executable, "-c", told + loaded], capture_output=True, text=True, check=True
    )
    assert "  annotations  " in ran.stdout
    assert ran.stderr == "\n"


def test_a_check_starts_without_other_commands() -> None:
    code = (
        "from dvc_labelmeta.cli.app import run; import sys; run(['check', '--help']); "
        "print(*(name for name in sys.modules if name.startswith('dvc_labelmeta.')), file=sys.stderr)"
    )
    ran = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    loaded = {name.removeprefix("dvc_labelmeta.") for name in ran.stderr.split()}
    assert "cli.check" in loaded
    assert not loaded & {
        f"cli.{name}" for name in ("guideline", "release", "link", "diff", "migrate")
    }
    assert not any(name.startswith("diff.") for name in loaded)


def test_help_is_printed_for_every_command(capsys: pytest.CaptureFixture[str]) -> None:
    for name in COMMANDS:
        assert run([*name.split()[1:], "--help"]) == 0
        out = capsys.readouterr().out
        assert f"Usage: {name} " in out
        assert ("Example: labelmeta" in out or "Example: git" in out) or name == "labelmeta"


@pytest.mark.parametrize(
    "arguments",
    [
        [],
        ["nonsense"],
        ["check", "--nope"],
        ["check", "--format"],
        ["mv", "one"],
        ["hook"],
        ["guideline", "show"],
    ],
    ids=" ".join,
)
def test_usage_errors_are_2(arguments: list[str], capsys: pytest.CaptureFixture[str]) -> None:
    assert run(arguments) == 2
    captured = capsys.readouterr()
    shown = captured.out + captured.err
    assert "Usage: labelmeta" in shown or "Error: " in shown


def test_exit_codes_0_1_2(linked: Repo) -> None:
    """Each by the real command; also what --fail-on, --quiet, --verbose and -o do to it."""
    assert "aligned" in linked.labelmeta("check", code=0).out
    assert linked.labelmeta("--quiet", "check", code=0).text == ""
    linked.bump("1.1.0", "pleased indeed", "Žodžiai: pakeista „reikšmė“")
    ran = linked.labelmeta("check", code=1)
    assert "LM105" in ran.out
    assert "Žodžiai" in ran.out
    assert "LM105" in linked.labelmeta("-q", "check", code=1).out
    assert linked.labelmeta("check", "data/train.csv", code=0).out.count("warning LM105") == 1
    linked.labelmeta("check", "data/train.csv", "--fail-on", "warning", code=1)
    linked.labelmeta("check", "data/train.csv.labelmeta.yaml", "--fail-on", "error", code=0)

    assert linked.labelmeta("check", "-o", "report.txt", code=1).out == ""
    assert linked.read("report.txt") == ran.out
    assert "cannot write" in linked.labelmeta("check", "-o", "no/such/x", code=2).err

    for command in ("check", "status"):
        escaped = linked.labelmeta(command, code=None, PYTHONIOENCODING="ascii")
        assert escaped.code == (1 if command == "check" else 0)
        assert escaped.text.isascii()

    rows = json.loads(linked.labelmeta("status", "--format", "json").out)
    assert [(row["split"], row["linked"], row["head"], row["findings"]) for row in rows] == [
        (f"data/{split}.csv", "1.0.0", "1.1.0", "LM105") for split in ("dev", "test", "train")
    ]
    shown = linked.labelmeta("status").out.splitlines()
    assert shown[0].split()[0] == "SPLIT"
    assert len(shown) == 4

    for wrong in (
        ["check", "--format", "xml"],
        ["status", "--format", "xml"],
        ["explain", "LM101", "--format", "sarif"],
        ["check", "--fail-on", "fatal"],
        ["check", "--profile", "strictest"],
        ["check", "data/none.csv"],
        ["explain", "LM999"],
        ["--root", "nowhere", "check"],
        ["gate", "--nope"],
    ):
        ran = linked.labelmeta(*wrong, code=2)
        assert ran.out == ""
        assert ran.err.startswith("labelmeta: "), ran.err

    linked.write("data/dev.csv.labelmeta.yaml", "layers: [\n")
    assert "LM100" in linked.labelmeta("check", code=2).out
    assert "not read" in linked.labelmeta("status", code=2).out
    ran = linked.labelmeta("status", "--format", "json", code=2)
    assert len(json.loads(ran.out)) == 2
    assert "not read" in ran.err
    linked.labelmeta("check", "data/train.csv", code=0)
    linked.write("dvc.yaml", "stages: [\n")
    assert "dvc.yaml:2:1: error LM100" in linked.labelmeta("check", "data/train.csv", code=2).out


def _breaking(folder: Path, body: str) -> str:
    """Make Python run `body` in place of the judge, in every command below."""
    folder.mkdir()
    (folder / "sitecustomize.py").write_text(
        "import os, signal\nfrom dvc_labelmeta.checks import alignment, catalogue\n"
        f"def judge(*args, **kwargs):\n    {body}\ncatalogue.judge = alignment.aligned = judge\n"
    )
    return str(folder)


@pytest.mark.parametrize("command", ["check", "gate"])
def test_exit_code_3_is_a_bug_of_ours(command: str, linked: Repo, tmp_path: Path) -> None:
    path = _breaking(tmp_path / "broken", "raise ZeroDivisionError('made up')")
    ran = linked.labelmeta(command, code=3, PYTHONPATH=path)
    assert ran.out == ""
    assert "ZeroDivisionError: made up" in ran.err
    last = ran.err.splitlines()[-1]
    assert f"labelmeta {__version__} has a bug, Python {sys.version_info[0]}." in last
    assert "Please report" in last


@pytest.mark.parametrize("command", ["check", "gate"])
def test_exit_code_130_is_ctrl_c(command: str, linked: Repo, tmp_path: Path) -> None:
    # a shell starts background jobs, such as CI, with Ctrl-C ignored: take that back first
    taken = "signal.signal(signal.SIGINT, signal.default_int_handler)"
    path = _breaking(tmp_path / "broken", f"({taken}, os.kill(os.getpid(), signal.SIGINT))")
    ran = linked.labelmeta(command, code=130, PYTHONPATH=path)
    assert ran.text == "labelmeta: interrupted; nothing is half written\n"


def test_a_closed_pipe_is_no_traceback(linked: Repo) -> None:
    for arguments in (["explain"], ["check", "--format", "json"], ["check"], ["status"], ["gate"]):
        read, write = os.pipe()
        os.close(read)
        done = subprocess.run(
            [*LABELMETA, *arguments], cwd=linked.path, stdout=write, stderr=subprocess.PIPE
        )
        os.close(write)
        assert done.stderr == b"", arguments
        assert done.returncode == 2, arguments


def test_all_ways_to_start_it(linked: Repo) -> None:
    version = f"labelmeta {__version__}\n"
    assert linked.labelmeta("--version").out == version
    assert linked.run("labelmeta", "--version").out == version
    assert linked.run("git", "labelmeta", "--version").out == version
    assert "aligned" in linked.run("git", "labelmeta", "check").out


def test_completion_for_bash(tmp_path: Path) -> None:
    here = Repo(tmp_path)
    script = here.run("labelmeta", _LABELMETA_COMPLETE="source_bash").out
    assert "complete -o default -F _labelmeta_completion labelmeta" in script
    subprocess.run(["bash", "-n"], input=script, text=True, check=True)
    completed = here.run(
        "labelmeta", _LABELMETA_COMPLETE="complete_bash", COMP_WORDS="labelmeta gu", COMP_CWORD="1"
    )
    assert completed.out.split() == ["guideline"]


def test_explain_knows_every_code_and_name(capsys: pytest.CaptureFixture[str]) -> None:
    for rule in RULES:
        run(["explain", rule.code.lower()])
        by_code = capsys.readouterr().out
        run(["explain", rule.name])
        assert capsys.readouterr().out == by_code
        assert by_code.startswith(f"{rule.code} {rule.name} (")
        assert "Bad:" in by_code
        assert "Fix:" in by_code
    for kind in KINDS:
        run(["explain", kind.code.lower()])
        told = capsys.readouterr().out
        run(["explain", kind.name])
        assert capsys.readouterr().out == told
        assert told.startswith(f"{kind.code} {kind.name} ({kind.severity}; labelmeta audit)")
        assert told.endswith(f"Fix: {kind.fix}\n")
    run(["explain"])
    lines = capsys.readouterr().out.splitlines()
    rules = sorted(rule.code for rule in RULES)
    assert [line.split()[0] for line in lines] == [*rules, *(kind.code for kind in KINDS)]
    run(["explain", "--format", "json"])
    entries = json.loads(capsys.readouterr().out)
    assert {entry["code"] for entry in entries} == {one.code for one in (*RULES, *KINDS)}
    assert len({tuple(entry) for entry in entries}) == 1
    run(["explain", "LM105", "--format", "json"])
    (entry,) = json.loads(capsys.readouterr().out)
    assert entry["name"] == "outdated-guideline"


def _modules(code: str, repo: Repo) -> set[str]:
    """Run code in a fresh Python and return the modules it has loaded at the end."""
    tail = "\nimport json, sys\nprint('\\n' + json.dumps(sorted(sys.modules)))"
    ran = repo.run(sys.executable, "-c", code + tail)
    return set(json.loads(ran.out.splitlines()[-1]))


def test_the_gate_starts_without_what_it_does_not_need(linked: Repo) -> None:
    loaded = _modules(
        "import sys\nsys.argv = ['labelmeta', 'gate', 'data/train.csv']\n"
        "from dvc_labelmeta.cli.main import main\n"
        "try:\n    main()\nexcept SystemExit as done:\n    assert not done.code",
        linked,
    )
    assert "dvc_labelmeta.cli.gate" in loaded
    heavy = {"typer", "click", "rich", "jsonschema", "git", "dvc", "asyncio", "json.tool", "urllib"}
    assert not loaded & (heavy | {"dvc_labelmeta.cli.app", "dvc_labelmeta.report.machine"})


def test_importing_the_package_imports_nothing_else_of_it(linked: Repo) -> None:
    loaded = _modules("import dvc_labelmeta", linked)
    assert {name for name in loaded if name.startswith("dvc_labelmeta")} == {"dvc_labelmeta"}
    loaded = _modules("import dvc_labelmeta\ndvc_labelmeta.load('.')", linked)
    assert not loaded & {"typer", "dvc", "git", "jsonschema"}
