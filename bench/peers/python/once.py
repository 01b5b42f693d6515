"""A create that is made once for each key, by the idempotency utility of Powertools."""

import os

import boto3
from aws_lambda_powertools.utilities.idempotency import (
    DynamoDBPersistenceLayer,
    IdempotencyConfig,
    idempotent_function,
)
from aws_lambda_powertools.utilities.idempotency.exceptions import IdempotencyValidationError

import store_boto3

__all__ = ["IdempotencyValidationError", "create"]

persistence = DynamoDBPersistenceLayer(
    table_name=os.environ["IDEMPOTENCY_TABLE_NAME"], boto3_client=boto3.client("dynamodb")
)
config = IdempotencyConfig(
    event_key_jmespath="key", payload_validation_jmespath="content", expires_after_seconds=86_400
)


@idempotent_function(data_keyword_argument="data", config=config, persistence_store=persistence)
def create_once(data):
    return store_boto3.create(None, data["item"])


def create(request, context, content, item):
    """Return the stored item. Raise IdempotencyValidationError if the key was used for something else."""
    config.register_lambda_context(context)
    return create_once(data={"key": f"{request.owner}#{request.key}", "content": content, "item": item})
