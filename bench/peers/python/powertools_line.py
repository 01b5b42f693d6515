"""The one log line of a request by Powertools' Logger, and its metric if it has one."""

import hashlib
import json
import time

from aws_lambda_powertools.metrics import MetricUnit


def log(logger, metrics, event, status, started):
    gateway = event["requestContext"]
    if status >= 500:
        metrics.add_dimension(name="operation", value=gateway["resourcePath"])
        metrics.add_metric(name="Faults", unit=MetricUnit.Count, value=1)
        print(json.dumps(metrics.serialize_metric_set()))
        metrics.clear_metrics()
    logger.info(
        "request",
        method=gateway["httpMethod"],
        operation=gateway["resourcePath"],
        status=status,
        duration_ms=round((time.time() - started) * 1000, 2),
        request_id=gateway["requestId"],
        owner_hash=hashlib.sha256(gateway["authorizer"]["claims"]["sub"].encode()).hexdigest()[:16],
        resource_id=(event["pathParameters"] or {}).get("id"),
    )
