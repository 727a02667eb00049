"""The document says what the service does: its addresses, parameters and answers."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from kudos.breakdowns import BREAKDOWNS
from services.query.measures import MEASURES
from services.query.openapi import document
from services.query.periods import FORMS
from tests.support.asking import Service


@pytest.fixture
def service(tmp_path: Path) -> Service:
    return Service(tmp_path)


def nodes(node: Any) -> Iterator[dict[str, Any]]:
    """Yield every object in *node*."""
    if isinstance(node, dict):
        yield node
    for child in node.values() if isinstance(node, dict) else node:
        if isinstance(child, dict | list):
            yield from nodes(child)


def fits(value: Any, schema: dict[str, Any], root: dict[str, Any]) -> bool:
    """Tell whether *value* is what *schema* says, in the words that the document uses."""
    if "$ref" in schema:
        return fits(value, root["components"]["schemas"][schema["$ref"].rpartition("/")[2]], root)
    kinds = {
        "object": dict,
        "array": list,
        "string": str,
        "integer": int,
        "number": int | float,
        "null": type(None),
    }
    wanted = schema["type"] if isinstance(schema["type"], list) else [schema["type"]]
    if not any(isinstance(value, kinds[kind]) for kind in wanted):
        return False
    if "enum" in schema and value not in schema["enum"]:
        return False
    if isinstance(value, list):
        return all(fits(one, schema["items"], root) for one in value)
    if isinstance(value, dict):
        known = schema.get("properties", {})
        rest = schema.get("additionalProperties")
        return set(schema.get("required", ())) <= value.keys() and all(
            fits(one, known.get(name, rest), root)
            for name, one in value.items()
            if name in known or rest
        )
    return True


async def test_it_is_the_same_document_over_http(service: Service) -> None:
    answer = await service.get("/openapi.json", None)
    assert document() == answer.json()
    assert "3.1.0" == answer.json()["openapi"]


def test_its_structure_is_openapis() -> None:
    found = json.loads(json.dumps(document()))
    assert {"openapi", "info", "paths"} <= found.keys()
    assert {"title", "version"} <= found["info"].keys()
    schemas = found["components"]["schemas"]
    for node in nodes(found):
        if "$ref" in node:
            assert node["$ref"].removeprefix("#/components/schemas/") in schemas
    ids = []
    for item in found["paths"].values():
        operation = item["get"]
        ids.append(operation["operationId"])
        assert operation["responses"]
        for response in operation["responses"].values():
            assert response["description"]
        names = [parameter["name"] for parameter in operation["parameters"]]
        assert len(set(names)) == len(names)
        for parameter in operation["parameters"]:
            assert {"name", "in", "required", "schema"} <= parameter.keys()
    assert len(set(ids)) == len(ids)


async def test_every_address_is_there_and_none_else(service: Service) -> None:
    routes = {getattr(route, "path", "") for route in service.app.routes}
    assert {path for path in routes if path.startswith("/v1/")} == document()["paths"].keys()


@pytest.mark.parametrize("path", document()["paths"])
async def test_every_answer_fits_its_schema(service: Service, path: str) -> None:
    asked = {
        "/v1/figures": "?measure=fees&scope=organisation:huset&period=2026&by=channel",
        "/v1/benchmark": "?measure=tickets&period=2026&peers=network",
        "/v1/cross-use": "?period=2026",
    }
    answer = await service.get(path + asked.get(path, ""))
    responses = document()["paths"][path]["get"]["responses"]
    schema = responses["200"]["content"]["application/json"]["schema"]
    assert fits(answer.json(), schema, document())
    assert not fits({}, schema, document())
    refused = await service.get(path, None)
    problem = responses["401"]["content"]["application/problem+json"]["schema"]
    assert fits(refused.json(), problem, document())


def test_the_parameters_are_the_catalogues() -> None:
    parameters = {p["name"]: p for p in document()["paths"]["/v1/figures"]["get"]["parameters"]}
    assert [*MEASURES, "index"] == parameters["measure"]["schema"]["enum"]
    for form in FORMS.values():
        assert re.search(parameters["period"]["schema"]["pattern"], form)
    for wrong in ("2026-5", "rolling-14@2026-05-17", "x", "2026-05-01.."):
        assert not re.search(parameters["period"]["schema"]["pattern"], wrong)
    pattern = parameters["by"]["schema"]["pattern"]
    for by in BREAKDOWNS:
        assert re.search(pattern, by)
        assert re.search(pattern, f"{by},channel")
    assert re.search(pattern, "age_band")
    assert not re.search(pattern, "shoe_size")
    needed = [name for name, p in parameters.items() if p["required"]]
    assert ["measure", "scope", "period"] == needed
    assert {*needed, "by", "base", "format"} == parameters.keys()
