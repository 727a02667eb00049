"""What is published, as JSON objects and as tables: benchmarks, cross-use, cuts, who asked."""

from collections.abc import Sequence
from typing import Any

import msgspec

from services.query.auditing import About
from services.query.cuts.benchmarks import QUARTERS_FROM, Benchmark
from services.query.cuts.shared import Shared
from services.query.cuts.store import Cut, Seen
from services.query.formats import Kind, Table
from services.query.matrix import MATRIX
from services.query.measures import MEASURES
from services.query.question import Period


def _period(period: Period) -> dict[str, Any]:
    return {"id": period.id, "from": period.begins, "to": period.ends}


def benchmark(found: Benchmark, house: str, period: Period, cut: Cut) -> dict[str, Any]:
    """Return a benchmark as *house* sees it: of everybody's own values only its own."""
    own, quartiles = found.own.get(house), found.quartiles
    measure = MEASURES[found.measure]
    band = None
    if own is not None and len(quartiles) == 3 and found.organisations >= QUARTERS_FROM:
        band = 1 + sum(own >= bound for bound in quartiles)
    return {
        "definition": f"{measure.id}@{measure.version}",
        "scope": found.scope,
        "period": _period(period),
        "as_of": cut.as_of,
        "kind": "published",
        "unit": measure.unit,
        "currency": "NOK" if measure.money else None,
        "organisations": 0 if found.why else found.organisations,
        "own": own,
        "median": quartiles[len(quartiles) // 2] if quartiles else None,
        "quartiles": [quartiles[0], quartiles[2]] if len(quartiles) == 3 else None,
        "rank_band": band,  # the quarter that one's own figure is in, 1 the lowest
        "why": found.why or None,
        "try": found.instead or None,
    }


def benchmark_table(payload: dict[str, Any]) -> Table:
    """Return a benchmark as one row."""
    quartiles = payload["quartiles"] or [None, None]
    columns: dict[str, Kind] = dict.fromkeys(("definition", "scope", "period"), "text")
    columns |= dict.fromkeys(("own", "median", "lower_quartile", "upper_quartile"), "number")
    columns |= {"rank_band": "integer", "organisations": "integer", "why": "text", "as_of": "time"}
    row = (
        *(payload["definition"], payload["scope"], payload["period"]["id"], payload["own"]),
        *(payload["median"], *quartiles, payload["rank_band"], payload["organisations"]),
        *(payload["why"], payload["as_of"]),
    )
    return Table("benchmark", columns, [row])


def cross_use(
    found: Seen | None, house: str, period: Period, cut: Cut, network: int | None
) -> dict[str, Any]:
    """Return an organisation's cross-use; shares are of its own, and of the other's, customers.

    *network* is how many customers all have, where that is published: lift is how many times as
    many are shared as would be if nobody chose the one for the other.
    """
    customers = found.customers if found else 0
    return {
        "definition": "cross_use@1",
        "scope": f"organisation:{house}",
        "period": _period(period),
        "as_of": cut.as_of,
        "kind": "published",
        "unit": "persons",
        "customers": customers,
        "cells": [
            {
                "kind": one.kind,
                "name": one.name,
                "shared": one.shared,
                "share_of_own": _share(one.shared, customers),
                "share_of_theirs": _share(one.shared, one.theirs),
                "lift": _lift(one, customers, network),
                "why": one.why or None,
            }
            for one in (found.others if found else ())
        ],
    }


def _lift(one: Shared, customers: int, network: int | None) -> float | None:
    if one.shared is None or not one.theirs or not customers or network is None:
        return None
    return round(one.shared * network / (customers * one.theirs), 2)


def _share(part: int | None, whole: int | None) -> float | None:
    """Return a share, in whole per cents below a thousand persons."""
    if part is None or not whole:
        return None
    return round(part / whole, 2 if whole < 1000 else 4)


def cross_use_table(payload: dict[str, Any]) -> Table:
    """Return cross-use as rows."""
    columns: dict[str, Kind] = {"period": "text", "kind": "text", "name": "text"}
    columns |= {"shared": "integer", "share_of_own": "number", "share_of_theirs": "number"}
    columns["lift"] = "number"
    columns |= {"why": "text", "as_of": "time"}
    names = ("kind", "name", "shared", "share_of_own", "share_of_theirs", "lift", "why")
    rows = [
        (payload["period"]["id"], *(one[name] for name in names), payload["as_of"])
        for one in payload["cells"]
    ]
    return Table("cross_use", columns, rows)


def cut(one: Cut) -> dict[str, Any]:
    """Return a cut as it stands in JSON."""
    names = ("cut", "as_of", "last", "cells", "published", "written", "done_at")
    return {name: getattr(one, name) for name in names}


def cuts_table(found: Sequence[Cut]) -> Table:
    """Return cuts as rows."""
    columns: dict[str, Kind] = {"cut": "integer", "as_of": "time", "last": "day"}
    columns |= {"cells": "integer", "published": "integer", "written": "integer", "done_at": "time"}
    return Table("cuts", columns, [tuple(cut(one).values()) for one in found])


def asked_table(found: Sequence[About]) -> Table:
    """Return who asked as rows."""
    columns: dict[str, Kind] = {"asked_at": "time", "role": "text", "organisation": "text"}
    columns |= dict.fromkeys(("answer", "measure", "scope", "period", "by"), "text")
    columns |= {"cells": "integer", "withheld": "integer"}
    rows = [(*msgspec.structs.astuple(one)[:-1], sum(one.withheld.values())) for one in found]
    return Table("asked", columns, rows)


def matrix_table() -> Table:
    """Return the matrix as rows."""
    columns: dict[str, Kind] = dict.fromkeys(
        ("id", "kind", "measures", "scopes", "periods", "breakdowns", "bases"), "text"
    )
    rows = [
        (
            *(row.id, row.kind, " ".join(row.measures), " ".join(row.scopes)),
            *(" ".join(row.periods), " ".join(",".join(by) or "-" for by in row.by)),
            " ".join(row.bases),
        )
        for row in MATRIX
    ]
    return Table("matrix", columns, rows)
