"""Plain boto3: a hand-written handler, and boto3's resource for the table."""

import store_boto3
from api import routes, serve

OPERATIONS = routes(store_boto3)


def handler(event, context):
    return serve(OPERATIONS, event, context)
