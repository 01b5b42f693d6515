"""pydynox: a plain handler, and its client for the table."""

import store_pydynox
from api import routes, serve

OPERATIONS = routes(store_pydynox)


def handler(event, context):
    return serve(OPERATIONS, event, context)
