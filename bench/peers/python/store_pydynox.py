"""Items in DynamoDB by pydynox, whose core is AWS's SDK for Rust."""

import os

from pydynox import DynamoDBClient
from pydynox.exceptions import ConditionalCheckFailedException

from api import key_reused, not_found, refused

TABLE, INDEX = os.environ["TABLE_NAME"], os.environ["INDEX_NAME"]
client = DynamoDBClient(region=os.environ["AWS_REGION"], endpoint_url=os.environ.get("AWS_ENDPOINT_URL_DYNAMODB"))


def key(request):
    return {"id": f"{request.owner}#{request.item_id}"}


def create(request, item):
    try:
        client.sync_put_item(
            TABLE, item, condition_expression="attribute_not_exists(id)", return_values_on_condition_check_failure=True
        )
    except ConditionalCheckFailedException as error:
        if error.item.get("fingerprint") != item["fingerprint"]:
            raise key_reused() from error
        return error.item
    return item


def get(request):
    stored = client.sync_get_item(TABLE, key(request), consistent_read=True)
    if not stored or "deleted_at" in stored:
        raise not_found()
    return stored


def write(request, expression, condition, names, values, returned):
    try:
        return client.sync_update_item(
            TABLE,
            key(request),
            update_expression=expression,
            condition_expression=condition,
            expression_attribute_names=names,
            expression_attribute_values=values,
            return_values_on_condition_check_failure=True,
            return_values=returned,
        )
    except ConditionalCheckFailedException as error:
        raise refused(getattr(error, "item", None)) from error


def update(request, expression, condition, names, values):
    return write(request, expression, condition, names, values, "ALL_NEW")


def delete(request, expression, condition, names, values):
    write(request, expression, condition, names, values, None)


def page(request, limit, descending, after):
    found = list(
        client.sync_query(
            TABLE,
            "#owner = :owner",
            expression_attribute_names={"#owner": "owner"},
            expression_attribute_values={":owner": request.owner},
            index_name=INDEX,
            scan_index_forward=not descending,
            limit=limit + 1,
            last_evaluated_key={"owner": request.owner, "created_at": after[0], "id": after[1]} if after else None,
        )
    )
    return found[:limit], len(found) > limit
