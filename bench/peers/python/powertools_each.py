"""Powertools with one function for each operation: Logger, Metrics and Pydantic, without the resolver and Tracer.

Only the function that creates imports the idempotency utility.
"""

import os
import time

from aws_lambda_powertools import Logger, Metrics
from pydantic import ValidationError

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


def function(operation):
    """Make a Lambda handler of an operation."""

    @logger.inject_lambda_context
    def handler(event, context):
        started = time.time()
        try:
            answered = operation(Request(event), context)
            kind = "application/json"
        except Problem as problem:
            document = {**problem.document, "request_id": event["requestContext"]["requestId"]}
            answered, kind = respond(problem.status, document), "application/problem+json"
        response = answer_of(event, *answered, kind)
        log(logger, metrics, event, response["statusCode"], started)
        return response

    return handler


def body_of(request, model):
    try:
        return valid(model, request.body())
    except ValidationError as error:
        raise invalid(faults_of(error)) from error


@function
def get_item(request, context):
    return read(request, store_boto3.get(request))


@function
def list_items(request, context):
    return page(*store_boto3.page(request, *page_of(request)))


@function
def update_item(request, context):
    return respond_item(200, store_boto3.update(request, *update_of(request, body_of(request, Fields))))


@function
def delete_item(request, context):
    store_boto3.delete(request, *delete_of(request))
    return respond(204)


@function
def create_item(request, context):
    import once  # the other functions do without

    content = body_of(request, Content)
    item = new(request, content)
    if not request.key:
        return created(request, store_boto3.create(request, item))
    try:
        return created(request, once.create(request, context, content, item))
    except once.IdempotencyValidationError as error:
        raise key_reused() from error
