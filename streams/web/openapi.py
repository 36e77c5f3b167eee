"""The OpenAPI 3.1 document of the API, from the types of its answers."""

from collections.abc import Iterable, Mapping
from typing import Any, Final

import msgspec

from streams.publication import KpiValueRecord
from streams.web.answers import AlertAnswer, ErrorAnswer, Hello, Tile
from streams.web.questions import API, STREAM, Parameter, Question

_REF: Final = "#/components/schemas/{name}"
_OFTEN: Final = {400: "A parameter makes no sense", 401: "Who asks is not known", 503: "Not all is read yet"}
_JSON: Final = "application/json"


def openapi(asked: Iterable[Question], version: str) -> dict[str, Any]:
    """The whole document."""
    its = list(asked)
    types = [KpiValueRecord, AlertAnswer, Tile, Hello, ErrorAnswer, *(one.answer for one in its)]
    _, schemas = msgspec.json.schema_components(types, ref_template=_REF)
    paths = {f"{API}/{one.name}": {"get": _operation(one)} for one in its}
    return {
        "openapi": "3.1.0",
        "info": {"title": "KPI monitor", "version": version, "license": {"name": "Apache-2.0"}},
        "paths": {**paths, f"{API}/stream": {"get": _stream()}},
        "components": {
            "schemas": schemas,
            "securitySchemes": {
                "token": {"type": "http", "scheme": "bearer", "description": "Where KPI_WEB_TOKEN_FILE is set"}
            },
        },
        "security": [{}, {"token": []}],
    }


def _operation(question: Question) -> dict[str, Any]:
    answer = {"$ref": _REF.format(name=question.answer.__name__)}
    return {
        "operationId": question.name,
        "summary": question.text,
        "parameters": [_parameter(one) for one in question.parameters],
        "responses": {"200": {"description": "The answer", "content": {_JSON: {"schema": answer}}}, **_errors()},
    }


def _stream() -> dict[str, Any]:
    text = (
        "Server-sent events: hello first (Hello), then value (KpiValueRecord), tile (Tile), alert (AlertAnswer) and "
        "ledger (LedgerAnswer), each with an id; reset: load anew. A comment every 15 s keeps it open."
    )
    return {
        "operationId": "stream",
        "summary": "What changes, as it changes",
        "description": text,
        "parameters": [_parameter(one) for one in STREAM],
        "responses": {
            "200": {"description": "Open until it is closed", "content": {"text/event-stream": {"schema": {}}}},
            **_errors(),
        },
    }


def _parameter(parameter: Parameter) -> dict[str, Any]:
    return {
        "name": parameter.name,
        "in": "query",
        "required": parameter.required,
        "description": parameter.text,
        "schema": {"type": parameter.type},
    }


def _errors() -> Mapping[str, Any]:
    schema = {"$ref": _REF.format(name=ErrorAnswer.__name__)}
    return {str(code): {"description": text, "content": {_JSON: {"schema": schema}}} for code, text in _OFTEN.items()}
