"""Upload files to a bucket, those that are there already left out. Knows only files, their keys and a bucket."""

from __future__ import annotations

import hashlib
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from crudctl.web import content


def upload(s3: Any, files: Mapping[str, Path], bucket: str) -> list[str]:
    """Upload the files whose content or headers are missing or different in the bucket, in their order. Return their keys.

    Args:
        s3: a boto3 client of S3.
        files: by key.
        bucket: the name of the bucket.
    """
    stored = {
        entry["Key"]: entry["ETag"].strip('"')
        for page in s3.get_paginator("list_objects_v2").paginate(Bucket=bucket)
        for entry in page.get("Contents", [])
    }
    uploaded = []
    for key, path in files.items():
        body = path.read_bytes()
        headers = {"ContentType": content.content_type(key), "CacheControl": content.cache_control(key)}
        # https://docs.aws.amazon.com/AmazonS3/latest/API/API_Object.html: with SSE-S3, the ETag is the content's MD5.
        same = stored.get(key) == hashlib.md5(body, usedforsecurity=False).hexdigest()
        if same and _has(s3.head_object(Bucket=bucket, Key=key), headers):
            continue
        s3.put_object(Bucket=bucket, Key=key, Body=body, **headers)
        uploaded.append(key)
    return uploaded


def _has(stored: Mapping[str, Any], headers: Mapping[str, str]) -> bool:
    """Whether an object is stored with these headers."""
    return all(stored.get(name) == value for name, value in headers.items())
