"""FastAPI behind Mangum, with Pydantic and boto3's resource; one function for all."""

import hashlib
import json
import logging
import os
import sys
import time

from fastapi import Depends, FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from mangum import Mangum

import api
import store_boto3
from models import Content, Fields

app = FastAPI()
lines = logging.getLogger("items")
lines.addHandler(logging.StreamHandler(sys.stdout))
lines.setLevel(logging.INFO)
lines.propagate = False


def asked(request):
    """Return what the gateway says of a request."""
    return api.Request(request.scope["aws.event"])


def takes_json(request: Request):
    api.check_media_type(request.headers.get("content-type", ""))


JSON = [Depends(takes_json)]


def answer(request, status, body="", headers=None, kind="application/json"):
    whole = api.answer_of(request.scope["aws.event"], status, body, headers or {}, kind)
    return Response(body, status, whole["headers"])


@app.middleware("http")
async def log(request: Request, proceed):
    started, event, error = time.time(), request.scope["aws.event"], None
    try:
        response = await proceed(request)
    except Exception as failure:
        error = repr(failure)
        response = problem_of(request, api.Problem(500, "internal-error", "Internal error", "The service failed."))
    gateway = event["requestContext"]
    line = {
        "level": "ERROR" if response.status_code >= 500 else "INFO",
        "timestamp": started,
        "version": os.environ.get("AWS_LAMBDA_FUNCTION_VERSION", "$LATEST"),
        "operation": gateway["resourcePath"],
        "method": gateway["httpMethod"],
        "status": response.status_code,
        "duration_ms": round((time.time() - started) * 1000, 2),
        "request_id": gateway["requestId"],
        "function_request_id": request.scope["aws.context"].aws_request_id,
        "correlation_id": api.correlation_of(event),
        "trace_id": os.environ.get("_X_AMZN_TRACE_ID"),
        "owner_hash": hashlib.sha256(gateway["authorizer"]["claims"]["sub"].encode()).hexdigest()[:16],
        "resource_id": (event["pathParameters"] or {}).get("id"),
        **({"error": error} if error else {}),
        **(api.faults(gateway["resourcePath"]) if response.status_code >= 500 else {}),
    }
    lines.info(json.dumps(line, separators=(",", ":")))
    return response


@app.exception_handler(api.Problem)
def problem_of(request, problem):
    document = {**problem.document, "request_id": request.scope["aws.event"]["requestContext"]["requestId"]}
    return answer(request, problem.status, json.dumps(document), kind="application/problem+json")


@app.exception_handler(RequestValidationError)
def invalid(request, error):
    faults = [
        {"pointer": "".join(f"/{part}" for part in fault["loc"][1:]), "detail": fault["msg"]}
        for fault in error.errors()
    ]
    return problem_of(request, api.invalid(faults))


@app.post("/items", dependencies=JSON)
def create_item(content: Content, request: Request):
    here = asked(request)
    item = api.new(here, content.model_dump(exclude_unset=True))
    return answer(request, *api.created(here, store_boto3.create(here, item)))


@app.get("/items")
def list_items(request: Request):
    here = asked(request)
    return answer(request, *api.page(*store_boto3.page(here, *api.page_of(here))))


@app.get("/items/{item_id}")
def get_item(item_id: str, request: Request):
    here = asked(request)
    return answer(request, *api.read(here, store_boto3.get(here)))


@app.patch("/items/{item_id}", dependencies=JSON)
def update_item(item_id: str, fields: Fields, request: Request):
    here = asked(request)
    change = api.update_of(here, fields.model_dump(exclude_unset=True))
    return answer(request, *api.respond_item(200, store_boto3.update(here, *change)))


@app.delete("/items/{item_id}")
def delete_item(item_id: str, request: Request):
    here = asked(request)
    store_boto3.delete(here, *api.delete_of(here))
    return answer(request, *api.respond(204))


handler = Mangum(app, lifespan="off", text_mime_types=["application/json", "application/problem+json"])
