"""Rows of docs/parity.md that no part asks, each with the reason. A test compares the page with them and with what is asked."""

from __future__ import annotations

HERE = "it is about the emulator alone"
INSIDE = "it is seen inside a function only"
BREAKS = "what serves would have to be broken for it"
SLOW = "it takes days"
DEPLOYED = "a deploy with the role of the workflow shows it"

UNASKED = {
    "api-account": HERE,
    "alarm-lambda-action": "an alarm would have to fire: `crudctl demo rollback` shows it on this machine",
    "auth-time": "the sign-in page needs a person",
    "client-secrets": "it would replace the secret that machines use",
    "deployed-resources": BREAKS,
    "embedded-metrics": BREAKS,
    "environment-variables": INSIDE,
    "function-credentials": INSIDE,
    "header-names": INSIDE,
    "identity-token": "every method of this API has scopes",
    "installed-packages": INSIDE,
    "integration-failure": BREAKS,
    "integration-timeout": BREAKS,
    "invoke-permission": BREAKS,
    "invited-only": "it would sign somebody up where everybody may",
    "leading-keys": "with `abac = true`, every request shows it: no operation would work otherwise",
    "log-patterns": "only a release asks, and only when 4xx look bad",
    "metric-retention": SLOW,
    "method-settings": "thousands of requests a second would have to be sent",
    "mutual-tls": "it needs a domain of the API's own",
    "one-write": HERE,
    "operation-actions": DEPLOYED,
    "output-of-invocations": HERE,
    "policy-variables": "with `abac = true`, every request shows it: no operation would work otherwise",
    "query-pages": HERE,
    "refresh-token-rotation": "the sign-in page needs a person",
    "request-keys": DEPLOYED,
    "request-signatures": HERE,
    "reserved-concurrency-of-versions": BREAKS,
    "resources": DEPLOYED,
    "root-mapping": "it needs a domain of the API's own",
    "sampling-rules": "a deploy shows that the rule is saved; its share would take thousands of requests to see",
    "saved-while-running": HERE,
    "session-tags": "with `abac = true`, only an invalid owner would show it, which no token has",
    "sessions-saved": HERE,
    "sign-in-look": "the sign-in page needs a person",
    "sign-up-page": "the sign-in page needs a person",
    "time-to-live": SLOW,
    "unsigned-sign-in": HERE,
    "web-acl": "an address would have to be blocked",
    "worker-start": HERE,
}
