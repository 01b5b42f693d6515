"""Hand-written on awscrt: a plain handler, and DynamoDB's protocol over AWS's common runtime."""

import store_awscrt
from api import routes, serve

OPERATIONS = routes(store_awscrt)


def handler(event, context):
    return serve(OPERATIONS, event, context)
