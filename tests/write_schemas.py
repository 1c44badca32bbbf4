"""Write dvc_labelmeta/schemas/*.json from the tables of fields: `python -m tests.write_schemas`.

report.json and gate.json describe what labelmeta prints and writes by itself; they are kept by
hand, and a test holds them against real output.
"""

from __future__ import annotations

import json
from pathlib import Path

from dvc_labelmeta.model.annotation import json_schema
from dvc_labelmeta.model.schemas import SCHEMAS, headed, published

FOLDER = Path(__file__).resolve().parents[1] / "dvc_labelmeta" / "schemas"


def texts() -> dict[str, str]:
    """Return the text of each generated schema by file name."""
    schemas = {name: published(name) for name in SCHEMAS}
    schemas["annotation"] = headed("annotation", json_schema())
    return {
        f"{name}.json": json.dumps(schema, indent=2, ensure_ascii=False) + "\n"
        for name, schema in schemas.items()
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
