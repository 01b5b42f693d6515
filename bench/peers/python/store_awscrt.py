"""Items in DynamoDB by awscrt, AWS's common runtime in C: its signer, its TLS and its HTTP. The protocol is written by hand."""

import json
import os
from io import BytesIO

from awscrt import auth, http, io

from api import key_reused, not_found, refused

HOST, _, PORT = os.environ["AWS_ENDPOINT_URL_DYNAMODB"].removeprefix("https://").partition(":")
REGION = os.environ["AWS_REGION"]
TABLE = os.environ["TABLE_NAME"]
TIMEOUT = 5.0


class Refused(Exception):
    """DynamoDB answered with an error."""

    def __init__(self, status, document):
        super().__init__(f"{status}: {document}")
        self.code = document.get("__type", "").rpartition("#")[2]
        self.item = document.get("Item", {})


loop = io.EventLoopGroup(1)
bootstrap = io.ClientBootstrap(loop, io.DefaultHostResolver(loop))
options = io.TlsContextOptions()
options.override_default_trust_store_from_path(None, os.environ["AWS_CA_BUNDLE"])
tls = io.ClientTlsContext(options).new_connection_options()
tls.set_server_name(HOST)
provider = auth.AwsCredentialsProvider.new_static(
    os.environ["AWS_ACCESS_KEY_ID"], os.environ["AWS_SECRET_ACCESS_KEY"], os.environ.get("AWS_SESSION_TOKEN")
)
connection = None


def connected():
    global connection
    if connection is None or not connection.is_open():
        connecting = http.HttpClientConnection.new(
            host_name=HOST, port=int(PORT or 443), bootstrap=bootstrap, tls_connection_options=tls
        )
        connection = connecting.result(TIMEOUT)
    return connection


def call(action, payload):
    for attempt in range(3):
        status, body = exchange(action, json.dumps({"TableName": TABLE, **payload}).encode())
        if status < 500 or attempt == 2:
            break
    document = json.loads(body)
    if status != 200:
        raise Refused(status, document)
    return document


def exchange(action, body):
    headers = http.HttpHeaders(
        [
            ("Host", HOST),
            ("Content-Type", "application/x-amz-json-1.0"),
            ("X-Amz-Target", f"DynamoDB_20120810.{action}"),
            ("Content-Length", str(len(body))),
        ]
    )
    request = http.HttpRequest("POST", "/", headers, io.InputStream(BytesIO(body)))
    config = auth.AwsSigningConfig(
        algorithm=auth.AwsSigningAlgorithm.V4,
        signature_type=auth.AwsSignatureType.HTTP_REQUEST_HEADERS,
        credentials_provider=provider,
        region=REGION,
        service="dynamodb",
    )
    auth.aws_sign_request(request, config).result(TIMEOUT)
    status, parts = [], []
    stream = connected().request(
        request,
        lambda status_code, **_: status.append(status_code),
        lambda chunk, **_: parts.append(bytes(chunk)),
    )
    stream.activate()
    stream.completion_future.result(TIMEOUT)
    return status[0], b"".join(parts)


def marshal(value):
    if isinstance(value, str):
        return {"S": value}
    if isinstance(value, bool):
        return {"BOOL": value}
    if isinstance(value, int):
        return {"N": str(value)}
    if isinstance(value, list):
        return {"L": [marshal(each) for each in value]}
    return {"M": {name: marshal(each) for name, each in value.items()}}


def unmarshal(value):
    ((kind, content),) = value.items()
    if kind in ("S", "BOOL"):
        return content
    if kind == "N":
        return int(content)
    if kind == "L":
        return [unmarshal(each) for each in content]
    return {name: unmarshal(each) for name, each in content.items()}


def attributes(item):
    return {name: marshal(value) for name, value in item.items()}


def stored_in(item):
    return {name: unmarshal(value) for name, value in item.items()}


def key(request):
    return {"id": {"S": f"{request.owner}#{request.item_id}"}}


def existing(error):
    if error.code != "ConditionalCheckFailedException":
        raise error
    return stored_in(error.item)


def create(request, item):
    try:
        call(
            "PutItem",
            {
                "Item": attributes(item),
                "ConditionExpression": "attribute_not_exists(id)",
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            },
        )
    except Refused as error:
        stored = existing(error)
        if stored.get("fingerprint") != item["fingerprint"]:
            raise key_reused() from error
        return stored
    return item


def get(request):
    stored = stored_in(call("GetItem", {"Key": key(request), "ConsistentRead": True}).get("Item", {}))
    if not stored or "deleted_at" in stored:
        raise not_found()
    return stored


def write(request, expression, condition, names, values, returned):
    try:
        return call(
            "UpdateItem",
            {
                "Key": key(request),
                "UpdateExpression": expression,
                "ConditionExpression": condition,
                "ExpressionAttributeNames": names,
                "ExpressionAttributeValues": attributes(values),
                "ReturnValues": returned,
                "ReturnValuesOnConditionCheckFailure": "ALL_OLD",
            },
        )
    except Refused as error:
        raise refused(existing(error)) from error


def update(request, expression, condition, names, values):
    return stored_in(write(request, expression, condition, names, values, "ALL_NEW")["Attributes"])


def delete(request, expression, condition, names, values):
    write(request, expression, condition, names, values, "NONE")


def page(request, limit, descending, after):
    query = {
        "IndexName": os.environ["INDEX_NAME"],
        "KeyConditionExpression": "#owner = :owner",
        "ExpressionAttributeNames": {"#owner": "owner"},
        "ExpressionAttributeValues": {":owner": {"S": request.owner}},
        "ScanIndexForward": not descending,
        "Limit": limit + 1,
    }
    if after:
        query["ExclusiveStartKey"] = attributes({"owner": request.owner, "created_at": after[0], "id": after[1]})
    found = [stored_in(item) for item in call("Query", query)["Items"]]
    return found[:limit], len(found) > limit


connected()
