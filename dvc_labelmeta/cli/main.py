"""Where `labelmeta` starts: the gate without Typer, all else with it, every error in one funnel."""

from __future__ import annotations

import contextlib
import os
import sys
from collections.abc import Callable, Iterator

from dvc_labelmeta import errors


def main() -> None:
    """Run the command line and exit: 0 clean, 1 findings, 2 could not judge, 3 a bug of ours."""
    arguments = sys.argv[1:]
    for stream in (sys.stdout, sys.stderr):
        with contextlib.suppress(AttributeError, ValueError):
            stream.reconfigure(errors="backslashreplace")  # type: ignore[union-attr]  # real streams
    if arguments[:1] == ["gate"] and "--help" not in arguments:
        from dvc_labelmeta.cli import gate  # noqa: PLC0415  # the fast path

        _exit_with(lambda: gate.run(arguments[1:]))
    from dvc_labelmeta.cli import app  # noqa: PLC0415  # Typer costs more than a whole gate

    _exit_with(lambda: app.run(arguments))


def _exit_with(job: Callable[[], int]) -> None:
    with funnel():
        code = job()
        sys.stdout.flush()
        sys.exit(code)


@contextlib.contextmanager
def funnel() -> Iterator[None]:
    """Turn every way in which a command can fail into a message and an exit code."""
    try:
        yield
    except errors.LabelMetaError as error:
        from dvc_labelmeta.report.text import plain  # noqa: PLC0415  # only for this message

        # a message may hold text of a file: its lines are ours, orders to the terminal are not
        _say("\n".join(map(plain, f"labelmeta: {error}".split("\n"))))
        sys.exit(errors.UNJUDGED)
    except KeyboardInterrupt:
        _say("labelmeta: interrupted; nothing is half written")
        sys.exit(errors.INTERRUPTED)
    except BrokenPipeError:
        os.dup2(os.open(os.devnull, os.O_WRONLY), sys.stdout.fileno())
        sys.exit(errors.UNJUDGED)
    except Exception:  # noqa: BLE001  # the one place that may: everything else is a bug of ours
        import platform  # noqa: PLC0415  # only for this message
        import traceback  # noqa: PLC0415  # only for this message

        from dvc_labelmeta import __version__  # noqa: PLC0415  # only for this message

        traceback.print_exc()
        _say(
            f"labelmeta {__version__} has a bug, Python {platform.python_version()}, "
            f"{platform.platform()}. Nothing is half written. Please report the lines above."
        )
        sys.exit(errors.BUG)


def _say(text: str) -> None:
    print(text, file=sys.stderr)
