"""Powertools with its resolver, Logger, Metrics and idempotency, Pydantic, and boto3's resource; one function for all.

Written as its documentation does it: https://docs.aws.amazon.com/powertools/python/latest/
"""

import json
import os
import time

from aws_lambda_powertools import Logger, Metrics
from aws_lambda_powertools.event_handler import APIGatewayRestResolver, Response
from pydantic import ValidationError

import once
import store_boto3
from api import (
    Problem,
    Request,
    answer_of,
    created,
    delete_of,
    invalid,
    key_reused,
    new,
    page,
    page_of,
    read,
    respond,
    respond_item,
    update_of,
)
from models import Content, Fields, faults_of, valid
from powertools_line import log

logger = Logger(service="items", log_uncaught_exceptions=True)
metrics = Metrics(namespace=os.environ["METRIC_NAMESPACE"])
app = APIGatewayRestResolver(strip_prefixes=["/v1"])


def request():
    return Request(app.current_event.raw_event)


def body_of(asked, model):
    try:
        return valid(model, asked.body())
    except ValidationError as error:
        raise invalid(faults_of(error)) from error


@app.exception_handler(Problem)
def problem(raised):
    document = {**raised.document, "request_id": app.current_event.request_context.request_id}
    return answer(raised.status, json.dumps(document), {}, "application/problem+json")


def answer(status, body, headers, kind="application/json"):
    whole = answer_of(app.current_event.raw_event, status, body, headers, kind)
    return Response(status_code=status, body=body, headers=whole["headers"])


@app.post("/items")
def create_item():
    asked = request()
    content = body_of(asked, Content)
    item = new(asked, content)
    if not asked.key:
        return answer(*created(asked, store_boto3.create(asked, item)))
    try:
        return answer(*created(asked, once.create(asked, app.lambda_context, content, item)))
    except once.IdempotencyValidationError as error:
        raise key_reused() from error


@app.get("/items")
def list_items():
    asked = request()
    return answer(*page(*store_boto3.page(asked, *page_of(asked))))


@app.get("/items/<item_id>")
def get_item(item_id):
    asked = request()
    return answer(*read(asked, store_boto3.get(asked)))


@app.patch("/items/<item_id>")
def update_item(item_id):
    asked = request()
    return answer(*respond_item(200, store_boto3.update(asked, *update_of(asked, body_of(asked, Fields)))))


@app.delete("/items/<item_id>")
def delete_item(item_id):
    asked = request()
    store_boto3.delete(asked, *delete_of(asked))
    return answer(*respond(204))


@logger.inject_lambda_context
def handler(event, context):
    started = time.time()
    response = app.resolve(event, context)
    log(logger, metrics, event, response["statusCode"], started)
    return response
