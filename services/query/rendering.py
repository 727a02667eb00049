"""Answers as JSON objects and as tables."""

import re
from collections.abc import Iterable
from typing import Any

import msgspec

from kudos.ledger import Ledger
from kudos.register import Organisation
from services.query.answer import Answer
from services.query.answers import Status
from services.query.formats import Kind, Table
from services.query.live import Pulse
from services.query.matrix import MATRIX
from services.query.measures import MEASURES
from services.query.periods import FORMS
from services.query.vocabulary import VOCABULARY

_OF_AN_INDEX = ("interval_low", "interval_high", "base_share")


def figure(answer: Answer) -> dict[str, Any]:
    """Return *answer* as it stands in JSON."""
    period = answer.period
    more: dict[str, Any] = {} if answer.base is None else {"base": answer.base}
    if answer.unconverted:
        more["unconverted"] = answer.unconverted
    return {
        "definition": answer.definition,
        "scope": answer.scope,
        **more,
        "period": {"id": period.id, "from": period.begins, "to": period.ends},
        "as_of": answer.as_of,
        "organisations": answer.organisations,
        "coverage": answer.coverage,
        "unit": answer.unit,
        "kind": answer.kind,
        "cells": answer.cells,
    }


def figure_table(answer: Answer, by: tuple[str, ...]) -> Table:
    """Return *answer* as rows, a cell each; what all share stands in every row."""
    measure, _, _version = answer.definition.partition("@")
    known = MEASURES.get(measure)  # an index is of none
    indexed = known is None
    counted = known is not None and known.counted(by).per is None
    whole = counted or answer.unit == "minor_units"
    columns: dict[str, Kind] = {
        "definition": "text",
        "scope": "text",
        "period": "text",
        "from": "day",
        "to": "day",
        **dict.fromkeys(by, "text"),
        "value": "integer" if whole else "number",
        "unit": "text",
        "currency": "text",
        **dict.fromkeys(_OF_AN_INDEX if indexed else (), "number"),
        "why": "text",
        "try": "text",
        "as_of": "time",
        "organisations": "integer",
        "coverage": "number",
        "kind": "text",
    }
    period = answer.period
    rows = [
        (
            *(answer.definition, answer.scope, period.id, period.begins, period.ends),
            *(cell.by[name] for name in by),
            *(cell.value, answer.unit, cell.currency),
            *((*(cell.interval or (None, None)), cell.base_share) if indexed else ()),
            *(cell.why, cell.instead),
            *(cell.as_of or answer.as_of, answer.organisations, answer.coverage, answer.kind),
        )
        for cell in answer.cells
    ]
    return Table("_".join([measure, re.sub(r"[^0-9A-Za-z-]+", "_", period.id), *by]), columns, rows)


def pulse(found: Pulse) -> dict[str, Any]:
    """Return a day as it stands in JSON."""
    live = found.live
    return {
        "organisation": live.organisation,
        "day": live.day,
        "as_of": live.as_of,
        "kind": "live",
        "totals": found.totals,
        "minutes": live.minutes,
    }


def pulse_table(found: Pulse) -> Table:
    """Return a day as rows, a minute each."""
    counts = ("orders", "tickets", "refunded_tickets", "gross_revenue", "net_revenue")
    columns: dict[str, Kind] = {"day": "day", "minute": "integer", "currency": "text"}
    columns |= dict.fromkeys(counts, "integer")
    rows = [
        (found.live.day, m.of_day, m.currency, *(getattr(m, count) for count in counts))
        for m in found.live.minutes
    ]
    return Table(f"live_{found.live.day}", columns, rows)


def measures() -> list[dict[str, Any]]:
    """Return every measure that may be asked for."""
    return [
        {
            "id": measure.id,
            "version": measure.version,
            "unit": measure.unit,
            "money": measure.money,
            "name": measure.name,
            "definition": measure.definition,
            **_of_matrix(measure.id),
        }
        for measure in MEASURES.values()
    ]


def _of_matrix(measure: str) -> dict[str, list[str]]:
    """Return which scopes, periods and breakdowns some row of the matrix has a measure for."""
    rows = [row for row in MATRIX if measure in row.measures]
    return {
        "scopes": list(dict.fromkeys(scope for row in rows for scope in row.scopes)),
        "periods": [kind for kind in FORMS if any(kind in row.periods for row in rows)],
        "breakdowns": list(dict.fromkeys(b for row in rows for by in row.by for b in by)),
    }


def breakdowns() -> list[dict[str, Any]]:
    """Return every breakdown that may be asked for."""
    return [
        {
            "id": breakdown.id,
            "name": breakdown.name,
            "definition": breakdown.definition,
            "values": breakdown.values or None,  # null: as the source names them
        }
        for breakdown in VOCABULARY.values()
    ]


def catalogue_table(name: str) -> Table:
    """Return ``measures`` or ``breakdowns`` as rows."""
    entries = MEASURES.values() if name == "measures" else VOCABULARY.values()
    columns: dict[str, Kind] = {"id": "text", "version": "integer", "unit": "text"}
    columns |= dict.fromkeys(("name_nb", "name_en", "definition_nb", "definition_en"), "text")
    rows = [
        (
            entry.id,
            getattr(entry, "version", 1),
            getattr(entry, "unit", None),
            *(entry.name["nb"], entry.name["en"]),
            *(entry.definition["nb"], entry.definition["en"]),
        )
        for entry in entries
    ]
    return Table(name, columns, rows)


def status(found: Status) -> dict[str, Any]:
    """Return how far the tables are as it stands in JSON."""
    return {
        "watermark": found.watermark,
        "lag_seconds": found.lag_seconds,
        "families": found.families,
    }


def status_table(found: Status) -> Table:
    """Return how far the tables are as rows, a family each."""
    columns: dict[str, Kind] = {"family": "text", "watermark": "time"}
    return Table("status", columns, sorted(found.families.items()))


def ledger(found: Ledger) -> dict[str, Any]:
    """Return the ledger as it stands in JSON: counts of transactions, of no one's customers."""
    return {
        "watermark": found.watermark,
        "balances": found.balances,
        "organisations": [
            {**msgspec.structs.asdict(a), "difference": a.difference} for a in found.accounts
        ],
    }


def organisations_table(found: Iterable[Organisation]) -> Table:
    """Return what is public of organisations as rows."""
    columns = ("id", "name", "industry", "county", "city")
    rows = [tuple(getattr(one, column) for column in columns) for one in found]
    return Table("organisations", dict.fromkeys(columns, "text"), rows)
