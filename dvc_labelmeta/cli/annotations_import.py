"""`annotations import`: records from exports, by a mapping file or from a platform's own format."""

from __future__ import annotations

import os
from typing import TYPE_CHECKING, Annotated

import typer

from dvc_labelmeta.cli.common import DryRun, Format, quiet
from dvc_labelmeta.errors import Refused

if TYPE_CHECKING:
    from dvc_labelmeta.cli.importing import Wish

app = typer.Typer(
    no_args_is_help=True,
    rich_markup_mode=None,
    help=(
        "Turn exports into annotation records.\n\n"
        "They are appended to a JSONL file, never overwritten, and never the same one twice.\n\n"
        "People's ids become pseudonyms (a keyed hash); addresses and browsers are left out and "
        "reported. The key is LABELMETA_SALT, or else .labelmeta/salt, which the first import "
        "makes and Git ignores. The whole team needs the same one, and nobody else may have "
        "it: whoever knows it can try all ids of a platform.\n\n"
        "Exit codes: 0 everything imported, 1 rows were left out (they are reported), 2 nothing "
        "was imported."
    ),
)

_File = Annotated[str, typer.Argument(metavar="FILE", help="The export.")]
_Split = Annotated[
    str, typer.Option(help="Linked split whose records these are.", show_default=False)
]
_To = Annotated[
    str, typer.Option(help="Write here instead: a JSONL file.", metavar="OUT", show_default=False)
]
_Layer = Annotated[
    str, typer.Option(help="Layer of the split, where it has several.", show_default=False)
]
_Strict = Annotated[
    bool, typer.Option("--strict", help="Write nothing if any row cannot be imported.")
]
_KeepIds = Annotated[
    bool, typer.Option("--keep-ids", help="Write people's ids as they are: no pseudonyms.")
]
_NewSalt = Annotated[
    bool, typer.Option("--new-salt", help="Make another salt where the project's is lost.")
]
_Version = Annotated[
    str,
    typer.Option(
        "--guideline-version",
        metavar="VERSION",
        help="Version of records that name none: you declare it.",
        show_default=False,
    ),
]
_ByDate = Annotated[
    bool,
    typer.Option(
        "--by-date", help="Version of records that name none: the one in force at their time."
    ),
]


@app.command(
    "table",
    epilog="Example: labelmeta annotations import table labels.csv --mapping labels.mapping.yaml "
    "--split data/train.csv --dry-run",
)
def table(
    context: typer.Context,
    file: _File,
    mapping: Annotated[
        str, typer.Option(metavar="MAP", help="YAML file: which column is which field.")
    ],
    split: _Split = "",
    to: _To = "",
    layer: _Layer = "",
    strict: _Strict = False,
    keep_ids: _KeepIds = False,
    new_salt: _NewSalt = False,
    dry_run: DryRun = False,
    format_: Format = "text",
) -> None:
    """Import a CSV, TSV, JSONL or Parquet file by a mapping file.

    The smallest mapping: `schema: labelmeta/mapping/v1` and `columns: {item: doc, label: answer,
    annotator: worker, annotated_at: time}`. More: id and item from several columns, constants,
    values (value maps), times (strptime format and zone), duration, guideline_version (column,
    constant or date), extra, drop, keep, pseudonyms, missing, delimiter. Columns without a field
    stay in `extra`.
    """
    from dvc_labelmeta.cli.importing import Export, Wish, carry_over, here  # noqa: PLC0415
    from dvc_labelmeta.read.mapping import drafts, read_mapping  # noqa: PLC0415

    known = read_mapping(here(context, mapping))
    path = here(context, file)
    way = known.version
    wish = Wish(
        split, to, layer, dry_run, strict, keep_ids, new_salt, format_,
        by_date="date" in way,
        date=way.get("date", ""),
        guideline=way.get("guideline", ""),
    )  # fmt: skip
    export = Export(
        "table",
        path,
        lambda tally: drafts(path, known, tally),
        known.keep,
        known.drop,
        known.pseudonyms,
    )
    raise typer.Exit(carry_over(context, export, wish))


@app.command(
    "ukp-convarg",
    epilog="Example: labelmeta annotations import ukp-convarg debate.xml --split data/debate.xml",
)
def ukp_convarg(
    context: typer.Context,
    file: _File,
    split: _Split = "",
    to: _To = "",
    layer: _Layer = "",
    guideline_version: _Version = "",
    by_date: _ByDate = False,
    strict: _Strict = False,
    keep_ids: _KeepIds = False,
    new_salt: _NewSalt = False,
    dry_run: DryRun = False,
    format_: Format = "text",
) -> None:
    """Import UKPConvArg1 XML: crowd labels on pairs of arguments, and gold labels as aggregates.

    Times of a page with several pairs are marked as such. The estimated competence of a worker
    is no confidence in a label: it stays in `extra`.
    """
    from dvc_labelmeta.cli.importing import Wish  # noqa: PLC0415

    wish = Wish(
        split, to, layer, dry_run, strict, keep_ids, new_salt, format_,
        guideline_version, by_date,
    )  # fmt: skip
    raise typer.Exit(_platform(context, "ukp-convarg", file, wish))


@app.command(
    "zooniverse",
    epilog="Example: labelmeta annotations import zooniverse classifications.csv "
    "--to cats.annotations.jsonl --guidelines-to cats-guidelines",
)
def zooniverse(
    context: typer.Context,
    file: _File,
    split: _Split = "",
    to: _To = "",
    layer: _Layer = "",
    guidelines_to: Annotated[
        str,
        typer.Option(
            metavar="DIR",
            help="Write the instructions that were shown under each version here, a file a "
            "version; never over other text.",
            show_default=False,
        ),
    ] = "",
    strict: _Strict = False,
    keep_ids: _KeepIds = False,
    new_salt: _NewSalt = False,
    dry_run: DryRun = False,
    format_: Format = "text",
) -> None:
    """Import a Zooniverse classification export; the workflow version is the guideline's."""
    from dvc_labelmeta.cli.importing import Wish, here  # noqa: PLC0415

    wish = Wish(split, to, layer, dry_run, strict, keep_ids, new_salt, format_)
    code = _platform(context, "zooniverse", file, wish)
    if guidelines_to:
        told = format_ == "text" and not quiet(context)
        _write_texts(here(context, file), here(context, guidelines_to), dry_run=dry_run, told=told)
    raise typer.Exit(code)


def _platform(context: typer.Context, name: str, file: str, wish: Wish) -> int:
    from dvc_labelmeta.cli.importing import Export, carry_over, here  # noqa: PLC0415
    from dvc_labelmeta.read.platforms import PLATFORMS  # noqa: PLC0415

    platform, path = PLATFORMS[name], here(context, file)
    export = Export(name, path, lambda tally: platform.drafts(path, tally), drop=platform.drop)
    return carry_over(context, export, wish)


def _write_texts(path: str, folder: str, *, dry_run: bool, told: bool) -> None:
    """Write the instructions of each version; refuses before it would change other text."""
    from dvc_labelmeta.read.platforms.zooniverse import guideline_texts  # noqa: PLC0415
    from dvc_labelmeta.write.edits import Edit, changes, content, write_file  # noqa: PLC0415

    texts = guideline_texts(path)
    edits = [Edit(f"{v}.md", content(folder, f"{v}.md"), t.encode()) for v, t in texts.items()]
    todo = changes(edits)
    for edit in todo:
        if edit.before is not None:
            raise Refused(f"{os.path.join(folder, edit.path)} is there with other text")
    for edit in todo:
        if not dry_run and edit.after is not None:
            write_file(os.path.join(folder, edit.path), edit.after)
        if told:
            typer.echo(f"{'would ' if dry_run else ''}create {os.path.join(folder, edit.path)}")
