"""Items in DynamoDB by boto3's resource, as most handlers use it."""

import os

import boto3
from boto3.dynamodb.conditions import Key
from boto3.dynamodb.types import TypeDeserializer
from botocore.config import Config
from botocore.exceptions import ClientError

from api import key_reused, not_found, refused

resource = boto3.resource("dynamodb", config=Config(tcp_keepalive=True, retries={"mode": "standard"}))
table = resource.Table(os.environ["TABLE_NAME"])
plain = TypeDeserializer().deserialize


def key(request):
    return {"id": f"{request.owner}#{request.item_id}"}


def existing(error):
    """Return the item of a condition that did not hold; raise any other error."""
    if error.response["Error"]["Code"] != "ConditionalCheckFailedException":
        raise error
    return {name: plain(value) for name, value in error.response.get("Item", {}).items()}


def create(request, item):
    try:
        table.put_item(
            Item=item, ConditionExpression="attribute_not_exists(id)", ReturnValuesOnConditionCheckFailure="ALL_OLD"
        )
    except ClientError as error:
        stored = existing(error)
        if stored.get("fingerprint") != item["fingerprint"]:
            raise key_reused() from error
        return stored
    return item


def get(request):
    stored = table.get_item(Key=key(request), ConsistentRead=True).get("Item")
    if not stored or "deleted_at" in stored:
        raise not_found()
    return stored


def update(request, expression, condition, names, values):
    try:
        return table.update_item(
            Key=key(request),
            UpdateExpression=expression,
            ConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            ReturnValues="ALL_NEW",
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )["Attributes"]
    except ClientError as error:
        raise refused(existing(error)) from error


def delete(request, expression, condition, names, values):
    try:
        table.update_item(
            Key=key(request),
            UpdateExpression=expression,
            ConditionExpression=condition,
            ExpressionAttributeNames=names,
            ExpressionAttributeValues=values,
            ReturnValuesOnConditionCheckFailure="ALL_OLD",
        )
    except ClientError as error:
        raise refused(existing(error)) from error


def page(request, limit, descending, after):
    query = {
        "IndexName": os.environ["INDEX_NAME"],
        "KeyConditionExpression": Key("owner").eq(request.owner),
        "ScanIndexForward": not descending,
        "Limit": limit + 1,
    }
    if after:
        query["ExclusiveStartKey"] = {"owner": request.owner, "created_at": after[0], "id": after[1]}
    found = table.query(**query)["Items"]
    return found[:limit], len(found) > limit
