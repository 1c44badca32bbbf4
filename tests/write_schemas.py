"""Write dvc_labelmeta/schemas/*.json from model/fields.py: `python -m tests.write_schemas`.

report.json and gate.json describe what labelmeta prints and writes by itself; they are kept by
hand, and a test holds them against real output.
"""

from __future__ import annotations

import json
from pathlib import Path

from dvc_labelmeta.model.fields import SCHEMAS, published

FOLDER = Path(__file__).resolve().parents[1] / "dvc_labelmeta" / "schemas"


def texts() -> dict[str, str]:
    """Return the text of each generated schema by file name."""
    return {
        f"{name}.json": json.dumps(published(name), indent=2, ensure_ascii=False) + "\n"
        for name in SCHEMAS
    }


def main() -> None:
    """Write every file whose text differs."""
    for name, text in texts().items():
        path = FOLDER / name
        if not path.exists() or path.read_text("utf-8") != text:
            path.write_bytes(text.encode())
            print(f"wrote {path.name}")


if __name__ == "__main__":
    main()
