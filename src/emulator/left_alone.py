"""Differences that are known and left: nothing is added for them, and no code here knows them."""

from __future__ import annotations

from emulator.differences import Difference, register

DEPLOYED_RESOURCES = register(
    Difference(
        name="deployed-resources",
        service="API Gateway",
        aws="a stage serves the API as it was when it was deployed",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/how-to-deploy-api.html",
        ministack="changes of methods and integrations are served at once; gateway responses are those of the deployment",
    )
)
HEADER_NAMES = register(
    Difference(
        name="header-names",
        service="API Gateway",
        aws="the function's event has header names as the caller wrote them",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/set-up-lambda-proxy-integrations.html",
        ministack="header names are in lower case",
    )
)
WEB_ACL = register(
    Difference(
        name="web-acl",
        service="WAF",
        aws="a web ACL that is associated with a stage is applied to its requests",
        source="https://docs.aws.amazon.com/apigateway/latest/developerguide/apigateway-control-access-aws-waf.html",
        ministack="web ACLs are stored and not applied",
    )
)
INSTALLED_PACKAGES = register(
    Difference(
        name="installed-packages",
        service="Lambda",
        aws="a function can import its package, the standard library and the AWS SDK",
        source="https://docs.aws.amazon.com/lambda/latest/dg/lambda-python.html",
        ministack="it can also import what is installed beside the emulator, with the Python version of the emulator",
    )
)
