"""Metadata that assets show: counts, tables, pictures.

Holds: turning outcomes and frames into Dagster metadata values.
Belongs here: presentation shared by several domains.
Never here: queries of one domain.
"""

from __future__ import annotations

import dataclasses
import datetime as dt
from decimal import Decimal
from typing import Any

import dagster as dg
import polars as pl

from pipelines.plots import figures as plots
from pipelines.steps.ingest import IngestReport

ROWS_SHOWN = 50
LONGEST_CELL = 300


def counts(outcome: Any) -> dict[str, dg.MetadataValue[Any]]:
    """The scalar fields of an outcome dataclass."""
    values: dict[str, dg.MetadataValue[Any]] = {}
    if not dataclasses.is_dataclass(outcome):
        return values
    if isinstance(outcome, IngestReport):
        # What somebody should look at comes first: of thousands of things only the first rows are shown.
        items = sorted(outcome.items, key=lambda item: item.outcome not in ("refused", "partial"))
        files = [(item.kind, item.outcome, item.name, item.summary) for item in items]
        schema = dict.fromkeys(("kind", "outcome", "name", "what"), pl.String)
        return {
            "refused": dg.MetadataValue.int(outcome.refused),
            "outcomes": dg.MetadataValue.text(outcome.summary),
            "files": table(pl.DataFrame(files, schema=schema, orient="row")),
        }
    for field in dataclasses.fields(outcome):
        value = getattr(outcome, field.name)
        if isinstance(value, bool):
            values[field.name] = dg.MetadataValue.bool(value)
        elif isinstance(value, int):
            values[field.name] = dg.MetadataValue.int(value)
        elif isinstance(value, Decimal):
            values[field.name] = dg.MetadataValue.text(format(value, "f"))
        elif isinstance(value, str | dt.date) and value:
            values[field.name] = dg.MetadataValue.text(str(value))
    return values


def table(frame: pl.DataFrame) -> dg.MetadataValue[Any]:
    """A frame as a markdown table, at most fifty rows."""
    if frame.height == 0:
        return dg.MetadataValue.md("*no rows*")
    head = "| " + " | ".join(frame.columns) + " |\n|" + "---|" * frame.width
    body = ["| " + " | ".join(_cell(value) for value in row) + " |" for row in frame.head(ROWS_SHOWN).iter_rows()]
    more = f"\n\n*{frame.height - ROWS_SHOWN} more rows*" if frame.height > ROWS_SHOWN else ""
    return dg.MetadataValue.md("\n".join([head, *body]) + more)


def picture(png: bytes, title: str) -> dg.MetadataValue[Any]:
    """A picture inside markdown, shown in a dialog of the UI."""
    return dg.MetadataValue.md(plots.as_markdown(png, title))


def _cell(value: Any) -> str:
    if value is None:
        return "–"
    if isinstance(value, Decimal):
        text = format(value, "f")
        return text.rstrip("0").rstrip(".") if "." in text else text
    text = str(value).replace("\n", " ")
    if len(text) > LONGEST_CELL:
        text = text[:LONGEST_CELL] + "…"
    return text.replace("|", "\\|")
