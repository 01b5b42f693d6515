"""Differences that are known and to which nothing is added. No other code knows them."""

from __future__ import annotations

from emulator.patches import Difference, register

HEADER_NAMES = register(
    Difference(
        name="header-names",
        service="API Gateway",
        aws="the function's event has header names as the caller wrote them",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html",
        ministack="header names are in lower case",
        upstream="serve with Hypercorn's `h11_pass_raw_headers`, and look headers up regardless of case",
    )
)
TIME_TO_LIVE = register(
    Difference(
        name="time-to-live",
        service="DynamoDB",
        aws="an item is deleted within a few days after its time to live, and requests return it until then",
        source="https://docs.aws.amazon.com/amazondynamodb/latest/developerguide/TTL.html",
        ministack="deleted within a minute",
        upstream="let a setting say how long the thread that deletes waits",
    )
)
UNDECODABLE_BODIES = register(
    Difference(
        name="undecodable-bodies",
        service="API Gateway",
        aws="a function receives the body of a request as UTF-8 text; what replaces bytes that are not UTF-8 is not documented",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-payload-encodings-workflow.html",
        ministack="U+FFFD replaces them, as Python's decoder does; the functions refuse a body that contains it",
        upstream="what AWS does would have to be observed there first",
    )
)
WEB_ACL = register(
    Difference(
        name="web-acl",
        service="WAF",
        aws="a web ACL that is associated with a stage is applied to its requests",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-aws-waf.html",
        ministack="web ACLs are stored and not applied",
        upstream="evaluate the rules of the associated web ACL before a stage serves a request",
    )
)
INSTALLED_PACKAGES = register(
    Difference(
        name="installed-packages",
        service="Lambda",
        aws="a function can import its package, the standard library and the AWS SDK",
        source="https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html",
        ministack="it can also import what is installed beside the emulator, and runs the Python version of the emulator",
        upstream="start workers with `python -I -S` and only the AWS SDK on their path",
    )
)
