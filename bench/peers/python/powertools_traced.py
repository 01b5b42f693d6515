"""The same with Tracer, as the documentation's first example has it: the usual stack."""

from aws_lambda_powertools import Tracer

import powertools_app

tracer = Tracer(service="items")
handler = tracer.capture_lambda_handler(powertools_app.handler)
