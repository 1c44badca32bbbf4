"""Keep splits, labels and the guidelines they were made under aligned, next to DVC.

The API for notebooks and training scripts:

    import dvc_labelmeta
    snapshot = dvc_labelmeta.load(".")          # or load(".", rev="v1.2")
    report = dvc_labelmeta.check(snapshot)
    for finding in report.findings: print(finding.code, finding.message)
    table = dvc_labelmeta.annotations("data/train.csv")    # Arrow: one row an item, with weights
"""

# no `from __future__ import annotations`: that name is the API's own here

from typing import TYPE_CHECKING, Any

__version__ = "0.1.0"
__all__ = ["Finding", "LabelMetaError", "Report", "Snapshot", "annotations", "check", "load"]

if TYPE_CHECKING:
    from dvc_labelmeta.api import (
        Finding,
        LabelMetaError,
        Report,
        Snapshot,
        annotations,
        check,
        load,
    )


def __getattr__(name: str) -> Any:
    """Import the API on first use: the gate command must start without it (PEP 562)."""
    if name not in __all__:
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from dvc_labelmeta import api  # noqa: PLC0415  # see above

    return getattr(api, name)
