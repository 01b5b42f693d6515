"""Signatures of AWS's own test vectors and of the worked examples in its documentation."""

from __future__ import annotations

import json
import time
from datetime import datetime
from pathlib import Path
from typing import Any

import botocore.auth
import botocore.awsrequest
import botocore.credentials
import pytest
from hypothesis import given
from hypothesis import strategies as st

from functions.aws.credentials import Credentials
from functions.aws.sigv4 import sign

SUITE = json.loads((Path(__file__).parent / "vectors" / "sigv4.json").read_text(encoding="utf-8"))


@pytest.mark.parametrize("vector", SUITE["vectors"], ids=lambda vector: str(vector["name"]))
def test_a_signature_is_the_one_that_aws_published(vector: dict[str, Any]) -> None:
    headers: dict[str, str] = {}
    for name, value in vector["headers"]:  # several lines are one field: RFC 9110, section 5.3
        headers[name] = f"{headers[name]},{value}" if name in headers else value
    signed = sign(
        vector["method"],
        vector["path"],
        vector["query"],
        headers,
        vector["body"].encode(),
        credentials=Credentials(SUITE["access_key"], SUITE["secret_key"], vector["token"]),
        region=SUITE["region"],
        service=SUITE["service"],
        now=datetime.fromisoformat(SUITE["timestamp"]).timestamp(),
    )
    assert signed["Authorization"] == vector["authorization"]
    assert signed["X-Amz-Date"] == "20150830T123600Z"
    assert signed.get("X-Amz-Security-Token", "") == vector["token"]


def test_the_documented_request_to_iam_has_the_documented_signature() -> None:
    """https://docs.aws.amazon.com/general/latest/gr/sigv4-create-canonical-request.html"""
    signed = sign(
        "GET",
        "/",
        "Action=ListUsers&Version=2010-05-08",
        {
            "Host": "iam.amazonaws.com",
            "Content-Type": "application/x-www-form-urlencoded; charset=utf-8",
        },
        b"",
        credentials=Credentials(SUITE["access_key"], SUITE["secret_key"]),
        region="us-east-1",
        service="iam",
        now=datetime.fromisoformat(SUITE["timestamp"]).timestamp(),
    )
    assert signed["Authorization"] == (
        "AWS4-HMAC-SHA256 Credential=AKIDEXAMPLE/20150830/us-east-1/iam/aws4_request, "
        "SignedHeaders=content-type;host;x-amz-date, "
        "Signature=5d672d79c15b13162d9279b0855cfba6789a8edb4c82c400e06b5924a6f2b5d7"
    )


def test_the_documented_request_to_s3_has_the_documented_signature() -> None:
    """https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html"""
    signed = sign(
        "GET",
        "/test.txt",
        "",
        {
            "Host": "examplebucket.s3.amazonaws.com",
            "Range": "bytes=0-9",
            "x-amz-content-sha256": "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855",
        },
        b"",
        credentials=Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY"),
        region="us-east-1",
        service="s3",
        now=datetime.fromisoformat("2013-05-24T00:00:00Z").timestamp(),
    )
    signature = signed["Authorization"].rpartition("Signature=")[2]
    assert signature == "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"


TEXT = st.text("abcXYZ019-_/+= ", min_size=1).filter(lambda text: text == text.strip())


@given(body=st.binary(), token=TEXT | st.just(""), header=TEXT, secret=TEXT, action=TEXT)
def test_a_signature_equals_that_of_botocore(body: bytes, token: str, header: str, secret: str, action: str) -> None:
    headers = {"Host": "example.com", "X-Amz-Target": action, "My-Header": header}
    ours = Credentials("key", secret, token)
    signed = sign(
        "POST", "/", "", headers, body, credentials=ours, region="eu-west-2", service="dynamodb", now=time.time()
    )
    headers["X-Amz-Date"] = signed["X-Amz-Date"]
    theirs = botocore.awsrequest.AWSRequest("POST", "https://example.com/", headers, body)
    theirs.context["timestamp"] = signed["X-Amz-Date"]
    keys = botocore.credentials.Credentials("key", secret, token)
    if token:
        theirs.headers["X-Amz-Security-Token"] = token
    auth = botocore.auth.SigV4Auth(keys, "dynamodb", "eu-west-2")
    text = auth.string_to_sign(theirs, auth.canonical_request(theirs))
    assert signed["Authorization"].endswith(f"Signature={auth.signature(text, theirs)}")
