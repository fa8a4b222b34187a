"""Serves the OpenAPI document, built from the application's routes, the views' docstrings and the table of operations."""

from __future__ import annotations

import inspect
import re
from http import HTTPStatus
from importlib.metadata import version
from typing import Any

from flask import Blueprint, Flask, Response, current_app, jsonify
from werkzeug.routing import Rule

from web.authors.token_access import token_need_of
from web.openapi.author_operations import OPTIONAL_PARAMETERS
from web.openapi.operations import OPERATIONS, QUERY_PARAMETERS, REQUEST_HEADERS, RESPONSE_HEADERS
from web.openapi.responses import DocumentedResponse, Operation
from web.openapi.schemas import PARAMETERS, SCHEMAS
from web.permissions import Permission, needs
from web.status.services import StatusEndpointServices

blueprint = Blueprint("openapi", __name__)

_PLACEHOLDER = re.compile(r"<(?:\w+:)?(\w+)>")


@blueprint.get("/api/openapi.json")
@needs(Permission.ANYONE)
def document() -> Response:
    """Return this description of the endpoints (OpenAPI 3.1)."""
    services = StatusEndpointServices.here()
    return jsonify(build(current_app, public_url=services.config.public_url, cookie=services.logins.cookie))


def build(app: Flask, *, public_url: str, cookie: str) -> dict[str, Any]:
    """Return the document for this installation."""
    paths: dict[str, dict[str, Any]] = {}
    for rule in app.url_map.iter_rules():
        if rule.endpoint in OPERATIONS:
            method = "post" if "POST" in (rule.methods or ()) else "get"
            path = _PLACEHOLDER.sub(r"{\1}", rule.rule)
            paths.setdefault(path, {})[method] = _operation(app, rule, OPERATIONS[rule.endpoint])
    return {
        "openapi": "3.1.0",
        "info": {
            "title": "Session Status",
            "version": version("session-status"),
            "summary": "The message that a session shows to a user of the conference app.",
        },
        "servers": [{"url": public_url}],
        "paths": paths,
        "components": {
            "schemas": SCHEMAS,
            "parameters": PARAMETERS,
            "securitySchemes": {
                "bearer": {"type": "http", "scheme": "bearer"},
                "author_token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "An author token, which an author makes in the console or has made by the operator.",
                },
                "device_token": {
                    "type": "http",
                    "scheme": "bearer",
                    "description": "The token of a device that scans, which the organizer or the operator makes.",
                },
                "signature": {
                    "type": "apiKey",
                    "in": "header",
                    "name": "webhook-signature",
                    "description": "A signature as Standard Webhooks says, with a secret that an administrator makes in the console.",
                },
                "login": {"type": "apiKey", "in": "cookie", "name": cookie},
            },
        },
    }


def _operation(app: Flask, rule: Rule, operation: Operation) -> dict[str, Any]:
    summary, _, description = (inspect.getdoc(app.view_functions[rule.endpoint]) or "").partition("\n\n")
    found: dict[str, Any] = {
        "operationId": rule.endpoint.replace(".", "_"),
        "summary": summary,
        "description": description,
        "parameters": [
            *({"$ref": f"#/components/parameters/{name}"} for name in sorted(rule.arguments) if name in PARAMETERS),
            *_own_parameters(rule),
            *(
                {"name": n, "in": "query", "required": True, "schema": {"type": "string"}, **QUERY_PARAMETERS[n]}
                for n in operation.query
            ),
            *(
                {"name": name, "in": "header", "schema": {"type": "string"}, **REQUEST_HEADERS[name]}
                for name in operation.request_headers
            ),
            *(
                {"name": name, "in": "query", "schema": {"type": "string"}, "description": OPTIONAL_PARAMETERS[name]}
                for name in operation.optional_query
            ),
        ],
        "responses": {str(code): _reply(code, reply) for code, reply in operation.replies.items()},
    }
    if operation.form:
        body = {"schema": {"$ref": f"#/components/schemas/{operation.form}"}}
        content = {"application/x-www-form-urlencoded": body, "application/json": body}
        found["requestBody"] = {"required": True, "content": content}
    if operation.json_body:
        schema = {"$ref": f"#/components/schemas/{operation.json_body}"}
        found["requestBody"] = {"required": True, "content": {"application/json": {"schema": schema}}}
    if operation.author_token:
        found["security"] = [{"author_token": []}]
        need = token_need_of(app.view_functions[rule.endpoint])
        if need is not None and need is not Permission.ANYONE:
            found["description"] = f"{description}\n\nThe token must allow you to {need}.".strip()
    if operation.signed:
        found["security"] = [{"signature": []}]
    if operation.takes_scanner:
        found["security"] = [{"device_token": []}, {"bearer": []}, {"login": []}]
    if operation.takes_login:
        found["security"] = [{}, {"bearer": []}, {"login": []}]
    return found


def _own_parameters(rule: Rule) -> list[dict[str, Any]]:
    names = sorted(rule.arguments - PARAMETERS.keys())
    return [{"name": name, "in": "path", "required": True, "schema": {"type": "string"}} for name in names]


def _reply(code: int, reply: DocumentedResponse) -> dict[str, Any]:
    kinds = [each for each in (reply, reply.also) if each]
    found: dict[str, Any] = {"description": " Or: ".join(each.meaning for each in kinds) or HTTPStatus(code).phrase}
    if reply.headers:
        found["headers"] = {name: RESPONSE_HEADERS[name] for name in reply.headers}
    content = {each.media_type: _schema(each) for each in kinds if each.media_type}
    return found | {"content": content} if content else found


def _schema(reply: DocumentedResponse) -> dict[str, Any]:
    return {"schema": {"$ref": f"#/components/schemas/{reply.schema}"}} if reply.schema else {}
