"""What may be asked, as OpenAPI 3.1, made from the catalogue."""

from collections.abc import Mapping
from functools import cache
from importlib.metadata import version
from typing import Any

from services.query.asking import may_be_asked
from services.query.bases import BASES, PEERS
from services.query.cuts.benchmarks import MEASURES as COMPARED
from services.query.disclosure.model import Why
from services.query.formats import MEDIA_TYPES
from services.query.matrix import MATRIX, SCOPES
from services.query.measures import MEASURES
from services.query.periods import FORMS, WINDOWS

Schema = dict[str, Any]

_NUMBER: Schema = {"type": ["integer", "number", "null"]}
_TIME: Schema = {"type": ["string", "null"], "format": "date-time"}
_TEXT: Schema = {"type": "string"}
_DAY: Schema = {"type": "string", "format": "date"}
_PUBLISHED: Schema = {"type": "string", "enum": ["published"]}
_WORDS: Schema = {
    "type": "object",
    "required": ["nb", "en"],
    "properties": {"nb": _TEXT, "en": _TEXT},
}
_PERIOD = (
    r"^([0-9]{4}(-[0-9]{2}(-[0-9]{2})?|-W[0-9]{2}|-Q[1-4])?|season-[0-9]{4}"
    rf"|rolling-({'|'.join(map(str, WINDOWS))})@[0-9]{{4}}-[0-9]{{2}}-[0-9]{{2}}"
    r"|[0-9]{4}-[0-9]{2}-[0-9]{2}\.\.[0-9]{4}-[0-9]{2}-[0-9]{2})$"
)
_SCOPE = f"^({'|'.join(SCOPES)})(:|$)"
_REFUSALS = {
    "400": "a parameter is wrong, missing, repeated or none",
    "401": "no token, or one that is not valid",
    "403": "this role, or this organisation, may not see it",
    "406": "none of the forms that are accepted",
    "422": "understood, but not in the catalogue: may_ask tells what is",
    "503": "the figures cannot be reached just now",
}


#: Why a cell has no value: the class of the rule, never its parameter.
WHY = (*Why, "undefined")


def _object(**properties: Schema) -> Schema:
    return {"type": "object", "required": [*properties], "properties": properties}


def _listing(of: Schema) -> Schema:
    return {"type": "array", "items": of}


def _units() -> list[str]:
    units = {unit for m in MEASURES.values() for unit in (m.unit, m.steps_unit)}
    return sorted((units - {""}) | {"index"})


def _schemas() -> dict[str, Schema]:
    cell = _object(by={"type": "object", "additionalProperties": _TEXT}, value=_NUMBER)
    cell["properties"] |= {
        "currency": {"type": "string", "description": "of money only, which is in its minor unit"},
        "why": {"type": "string", "enum": [*WHY], "description": "why there is no value"},
        "try": {"type": "string", "description": "the next wider scope that is published"},
        "as_of": _TIME,
        "interval": {"type": ["array", "null"], "items": {"type": "number"}},
        "base_share": {"type": "number", "description": "the value's share in the population"},
    }
    measure = _object(id=_TEXT, version={"type": "integer"}, unit=_TEXT, name=_WORDS)
    measure["properties"] |= {"definition": _WORDS, "breakdowns": _listing(_TEXT)}
    counts = ("of_day", "orders", "tickets", "refunded_tickets", "gross_revenue", "net_revenue")
    numbers: dict[str, Schema] = {name: {"type": "integer"} for name in counts}
    total = _object(measure=_TEXT, value=_NUMBER)
    total["properties"]["currency"] = _TEXT
    problem = _object(type=_TEXT, title=_TEXT, status={"type": "integer"}, detail=_TEXT)
    may = {"type": "object", "additionalProperties": _listing(_TEXT)}
    problem["properties"]["may_ask"] = may
    figure = _object(
        definition=_TEXT,
        scope=_TEXT,
        period=_object(id=_TEXT, **{"from": _DAY, "to": _DAY}),
        as_of=_TIME,
        organisations={"type": "integer"},
        coverage={"type": ["number", "null"]},
        unit={"type": "string", "enum": _units()},
        kind={"type": "string", "enum": ["live", "published"]},
        cells=_listing(cell),
    )
    figure["properties"] |= {
        "base": _object(
            id=_TEXT,
            geography={"type": ["string", "null"]},
            year={"type": ["integer", "null"]},
            table={"type": ["string", "null"]},
        )
        | {"description": "of an index: what it is held against"},
        "unconverted": _listing(_TEXT)
        | {"description": "currencies without a rate, which a group's money leaves out"},
    }
    return {
        "Figure": figure,
        "Live": _object(
            organisation=_TEXT,
            day=_DAY,
            as_of=_TIME,
            kind={"type": "string", "enum": ["live"]},
            totals=_listing(total),
            minutes=_listing(_object(currency=_TEXT, **numbers)),
        ),
        "Status": _object(
            watermark=_TIME,
            lag_seconds={"type": ["number", "null"]},
            families={"type": "object", "additionalProperties": _TIME},
        ),
        "Benchmark": _object(
            definition=_TEXT,
            scope=_TEXT,
            period=_object(id=_TEXT, **{"from": _DAY, "to": _DAY}),
            as_of=_TIME,
            kind=_PUBLISHED,
            organisations={"type": "integer"},
            own=_NUMBER,
            median=_NUMBER,
            quartiles={"type": ["array", "null"], "items": {"type": "number"}},
            rank_band={"type": ["integer", "null"]},
            why={"type": ["string", "null"]},
        ),
        "CrossUse": _object(
            scope=_TEXT,
            period=_object(id=_TEXT, **{"from": _DAY, "to": _DAY}),
            as_of=_TIME,
            kind=_PUBLISHED,
            customers={"type": "integer"},
            cells=_listing(
                _object(
                    kind=_TEXT,
                    name=_TEXT,
                    shared=_NUMBER,
                    share_of_own=_NUMBER,
                    share_of_theirs=_NUMBER,
                    lift=_NUMBER,
                    why={"type": ["string", "null"]},
                )
            ),
        ),
        "Cuts": _object(cuts=_listing(_object(cut={"type": "integer"}, as_of=_TIME))),
        "Asked": _object(asked=_listing(_object(asked_at=_TIME, role=_TEXT, scope=_TEXT))),
        "Matrix": _object(
            matrix=_listing(
                _object(
                    id={"type": "string", "enum": [row.id for row in MATRIX]},
                    kind={"type": "string", "enum": ["live", "published"]},
                    name=_WORDS,
                    definition=_WORDS,
                    measures=_listing(_TEXT),
                    scopes=_listing(_TEXT),
                    periods=_listing(_TEXT),
                    by=_listing(_listing(_TEXT)),
                    bases=_listing({"type": "string", "enum": [*BASES]}),
                )
            )
        ),
        "Measures": _object(measures=_listing(measure)),
        "Breakdowns": _object(breakdowns=_listing(_object(id=_TEXT, name=_WORDS))),
        "Organisations": _object(organisations=_listing(_object(id=_TEXT, name=_TEXT))),
        "Problem": problem,
    }


def _parameter(name: str, schema: Schema, what: str, *, needed: bool = True) -> Schema:
    return {"name": name, "in": "query", "required": needed, "schema": schema, "description": what}


def _figure_parameters() -> list[Schema]:
    may = may_be_asked()
    two = "|".join(may["breakdowns"])
    measures = "; ".join(f"{m.id}: {m.definition['en']}" for m in MEASURES.values())
    by = {"type": "string", "pattern": f"^({two})(,({two}))?$"}
    return [
        _parameter("measure", {"type": "string", "enum": may["measures"]}, measures),
        _parameter("scope", {"type": "string", "pattern": _SCOPE}, ", ".join(SCOPES.values())),
        _parameter("period", {"type": "string", "pattern": _PERIOD}, ", ".join(FORMS.values())),
        _parameter("by", by, "one breakdown, or two with a comma", needed=False),
        _parameter(
            "base",
            {"type": "string", "enum": [*BASES]},
            "of an index: the peers, or the population, that it is held against",
            needed=False,
        ),
    ]


def _operation(
    what: str, schema: str, parameters: list[Schema], more: Mapping[str, Schema] | None = None
) -> Schema:
    problem = {"application/problem+json": {"schema": {"$ref": "#/components/schemas/Problem"}}}
    found: dict[str, Schema] = {
        media: {"schema": {"$ref": f"#/components/schemas/{schema}"} if name == "json" else {}}
        for name, media in MEDIA_TYPES.items()
    }
    form = _parameter(
        "format", {"type": "string", "enum": [*MEDIA_TYPES]}, "else by Accept", needed=False
    )
    answers: dict[str, Schema] = {"200": {"description": what, "content": found | dict(more or {})}}
    answers |= {code: {"description": why, "content": problem} for code, why in _REFUSALS.items()}
    return {
        "get": {
            "summary": what,
            "operationId": schema.lower(),
            "parameters": [*parameters, form],
            "responses": answers,
        }
    }


@cache
def document() -> Schema:
    """Return the document; equal at every call."""
    stream = {"text/event-stream": {"schema": _TEXT}}
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "KUDOS",
            "version": version("kudos"),
            "summary": "Ticket sales of cultural institutions, as figures.",
            "license": {"name": "Apache-2.0", "identifier": "Apache-2.0"},
        },
        "security": [{"token": []}],
        "paths": {
            "/v1/figures": _operation("cells of one figure", "Figure", _figure_parameters()),
            "/v1/benchmark": _operation(
                "a peer group's middle and quarters, and one's own",
                "Benchmark",
                [
                    _parameter("measure", {"type": "string", "enum": [*COMPARED]}, "what"),
                    _parameter("period", {"type": "string", "pattern": _PERIOD}, "when"),
                    _parameter(
                        "peers", {"type": "string", "enum": [*PEERS]}, "industry", needed=False
                    ),
                ],
            ),
            "/v1/cross-use": _operation(
                "whom one's customers are shared with",
                "CrossUse",
                [_parameter("period", {"type": "string", "pattern": _PERIOD}, "when")],
            ),
            "/v1/cuts": _operation("the cuts there were, the newest first", "Cuts", []),
            "/v1/asked": _operation("who asked about groups that one is in", "Asked", []),
            "/v1/matrix": _operation("which combinations may be asked", "Matrix", []),
            "/v1/live": _operation(
                "today by minute, and its totals; as events, live and watermark", "Live", [], stream
            ),
            "/v1/status": _operation("how far the tables are", "Status", []),
            "/v1/measures": _operation("what may be asked", "Measures", []),
            "/v1/breakdowns": _operation("what it may be told apart by", "Breakdowns", []),
            "/v1/organisations": _operation("of whom it may be asked", "Organisations", []),
        },
        "components": {
            "schemas": _schemas(),
            "securitySchemes": {"token": {"type": "http", "scheme": "bearer"}},
        },
    }
