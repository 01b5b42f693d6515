"""The `$context` variables that API Gateway documents for REST APIs; one that is not listed has no value.

`*` stands for a name that the API chooses: a claim, a header, a key that an authorizer returns.
"""

from __future__ import annotations

import re
from functools import cache

# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-mapping-template-reference.html
_EVERYWHERE = """
    accountId apiId authorizer.claims.* authorizer.principalId authorizer.* awsEndpointRequestId deploymentId domainName
    domainPrefix error.message error.messageString error.responseType error.validationErrorString extendedRequestId httpMethod
    identity.accountId identity.apiKey identity.apiKeyId identity.caller identity.clientCert.clientCertPem
    identity.clientCert.issuerDN identity.clientCert.serialNumber identity.clientCert.subjectDN
    identity.clientCert.validity.notAfter identity.clientCert.validity.notBefore identity.cognitoAuthenticationProvider
    identity.cognitoAuthenticationType identity.cognitoIdentityId identity.cognitoIdentityPoolId identity.principalOrgId
    identity.sourceIp identity.user identity.userAgent identity.userArn identity.vpcId identity.vpceId isCanaryRequest path
    protocol requestId requestTime requestTimeEpoch resourceId resourcePath stage wafResponseCode webaclArn xrayTraceId
"""
_TEMPLATES_ONLY = """
    requestOverride.header.* requestOverride.path.* requestOverride.querystring.* responseOverride.header.*
    responseOverride.status
"""
# https://docs.aws.amazon.com/apigateway/latest/developerguide/api-gateway-variables-for-access-logging.html
_ACCESS_LOG_ONLY = """
    authenticate.error authenticate.latency authenticate.status authorize.error authorize.latency authorize.status
    authorizer.error authorizer.integrationLatency authorizer.integrationStatus authorizer.latency authorizer.requestId
    authorizer.status integration.error integration.integrationStatus integration.latency integration.requestId
    integration.status integrationLatency integrationStatus responseLatency responseLength status waf.error waf.latency waf.status
"""

TEMPLATES = frozenset((_EVERYWHERE + _TEMPLATES_ONLY).split())  # mapping templates, header mappings, gateway responses
ACCESS_LOG = frozenset((_EVERYWHERE + _ACCESS_LOG_ONLY).split())


@cache
def _any(among: frozenset[str]) -> re.Pattern[str]:
    return re.compile("|".join(re.escape(known).replace(r"\*", "[A-Za-z0-9_:-]+") for known in among))


def documented(name: str, among: frozenset[str]) -> bool:
    """Return whether a variable, without `$context.`, is one of those listed in `among`. Case counts."""
    return _any(among).fullmatch(name) is not None
