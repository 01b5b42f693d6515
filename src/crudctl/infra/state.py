"""The bucket of Terraform's state, one for each family of environments and account, and the copy of a root that uses it.

The bucket is created with boto3: Terraform would need another place for the state of the bucket. Every call sets a property to
a fixed value, so creating the bucket again repairs it. https://developer.hashicorp.com/terraform/language/backend/s3
"""

from __future__ import annotations

import json
import shutil
from collections.abc import Collection, Mapping
from dataclasses import dataclass
from datetime import datetime
from pathlib import Path
from typing import Any

from botocore.exceptions import ClientError

from crudctl.console import Failed
from crudctl.infra import provider
from crudctl.project import Environment

KEY = "terraform.tfstate"
VERSION = 4  # of the format of states
LOCK_SUFFIX = ".tflock"  # where `use_lockfile` puts the lock
BACKEND = 'terraform {\n  backend "s3" {}\n}\n'
KEPT_DAYS = 90  # of old versions of the state


@dataclass(frozen=True)
class StateBucket:
    """The state bucket of a family of environments. Its name contains the account's id, so that no two accounts share one.

    Attributes:
        environment: the family.
    """

    environment: Environment
    account: str

    @property
    def name(self) -> str:
        """The bucket's name."""
        return f"{self.environment.prefix}-state-{self.account}"

    def backend(self, key: str) -> dict[str, str]:
        """Return the settings of Terraform's `backend "s3"`. Raise Failed if the bucket does not exist."""
        if not self.exists():
            name = self.environment.name
            raise Failed(
                f"There is no state bucket {self.name} for {name} in account {self.account}.",
                f"Run `crudctl bootstrap --env {name}`, or check whose credentials these are with `crudctl doctor --env {name}`.",
            )
        return {
            "bucket": self.name,
            "key": key,
            "region": self.environment.region,
            "encrypt": "true",
            "use_lockfile": "true",
            "allowed_account_ids": json.dumps([self.account]),
        }

    def exists(self) -> bool:
        """Return whether the bucket exists. Raise Failed if it belongs to another account or access is denied."""
        try:
            self._s3.head_bucket(Bucket=self.name, ExpectedBucketOwner=self.account)
        except ClientError as error:
            if error.response["Error"]["Code"] in ("404", "NoSuchBucket"):
                return False
            if error.response["Error"]["Code"] == "403":
                raise Failed(
                    f"Access to bucket {self.name} is denied.", "Check who owns it and what your role allows."
                ) from error
            raise
        return True

    def create(self) -> bool:
        """Create the bucket, or repair the settings of an existing one. Return whether it is new."""
        new = not self.exists()
        if new:
            region = self.environment.region  # S3 creates a bucket in us-east-1 unless the request names another region
            place = {"CreateBucketConfiguration": {"LocationConstraint": region}} if region != "us-east-1" else {}
            self._s3.create_bucket(Bucket=self.name, **place)
        for call, settings in _settings(self.name).items():
            getattr(self._s3, call)(Bucket=self.name, **settings)
        return new

    def read(self, key: str) -> bytes:
        """Return a state as it is stored; empty before the first apply. Raise Failed if the bucket does not exist."""
        self.backend(key)
        try:
            body: bytes = self._s3.get_object(Bucket=self.name, Key=key)["Body"].read()
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return b""
            raise
        return body

    def members(self) -> dict[str, datetime]:
        """Return when each environment of the family that has a state was last deployed, by name; not the family itself."""
        pages = self._s3.get_paginator("list_objects_v2").paginate(Bucket=self.name, Prefix=f"{KEY}.")
        objects = (each for page in pages for each in page.get("Contents", []) if not each["Key"].endswith(LOCK_SUFFIX))
        return {each["Key"].removeprefix(f"{KEY}."): each["LastModified"] for each in objects}

    def forget(self, key: str) -> None:
        """Delete a state with all its versions and its lock."""
        _empty(self._s3, self.name, key, {key, f"{key}{LOCK_SUFFIX}"})

    def lock(self, key: str) -> str:
        """Return who holds the lock of the state, since when and for what; empty if nobody does."""
        try:
            response = self._s3.get_object(Bucket=self.name, Key=f"{key}{LOCK_SUFFIX}")
        except ClientError as error:
            if error.response["Error"]["Code"] in ("NoSuchKey", "404"):
                return ""
            raise
        lock = json.loads(response["Body"].read())
        since = datetime.fromisoformat(lock["Created"]).strftime("%Y-%m-%d %H:%M UTC")
        return f"{lock['Who']} since {since}, for {lock['Operation'].removeprefix('OperationType').lower()}"

    def refuse_while_held(self, key: str) -> None:
        """Raise Failed if somebody holds the lock of the state, with who it is."""
        if holder := self.lock(key):
            raise Failed(
                f"The state of {self.environment.name} is held by {holder}.",
                "Wait until it has finished. If it was killed, remove its lock with "
                f"`aws s3 rm s3://{self.name}/{key}{LOCK_SUFFIX}`.",
            )

    @property
    def _s3(self) -> Any:
        return self.environment.client("s3")


def bucket(environment: Environment) -> StateBucket:
    """Return the state bucket of an environment's family in the account of the caller's credentials."""
    return StateBucket(environment.family, environment.client("sts").get_caller_identity()["Account"])


def key(environment: Environment) -> str:
    """Return where the bucket has an environment's state: `terraform.tfstate` or, of a member, `terraform.tfstate.pr-42`."""
    return KEY if environment.family == environment else f"{KEY}.{environment.name}"


def outputs(stored: bytes) -> dict[str, Any] | None:
    """Return the outputs in a state, as `terraform output -json` prints them: that takes Terraform half a second of CPU.

    None if the state is not of the version that Terraform has written since 0.12: then Terraform has to read it.
    """
    try:
        document = json.loads(stored)
    except ValueError:
        return None
    if not isinstance(document, dict) or document.get("version") != VERSION or "outputs" not in document:
        return None
    return {name: output["value"] for name, output in document["outputs"].items()}


def delete_bucket(s3: Any, name: str) -> None:
    """Delete a bucket with all versions of its objects."""
    _empty(s3, name)
    s3.delete_bucket(Bucket=name)


def _empty(s3: Any, bucket: str, prefix: str = "", keys: Collection[str] | None = None) -> None:
    """Delete all versions of a bucket's objects, and their delete markers. Raise Failed for what could not be deleted.

    https://docs.aws.amazon.com/AmazonS3/latest/API/API_DeleteObjects.html

    Args:
        prefix: of the objects' keys.
        keys: only these; by default, all with the prefix.
    """
    for page in s3.get_paginator("list_object_versions").paginate(Bucket=bucket, Prefix=prefix):
        found = [
            {"Key": each["Key"], "VersionId": each["VersionId"]}
            for each in (*page.get("Versions", []), *page.get("DeleteMarkers", []))
            if keys is None or each["Key"] in keys
        ]
        refused = (
            s3.delete_objects(Bucket=bucket, Delete={"Objects": found, "Quiet": True}).get("Errors") if found else []
        )
        if refused:
            raise Failed(
                f"{refused[0]['Key']} in {bucket} could not be deleted: {refused[0]['Code']}.", "Run it again."
            )


def lay_out(source: Path, folder: Path, remembered: Path) -> None:
    """Make `folder` a copy of the root module `source` that keeps its state in a bucket (docs/decisions/0011-state.md).

    Args:
        remembered: the lock file of the last `terraform init` on this machine, for a root that has none in git.
    """
    shutil.copytree(source, folder, ignore=shutil.ignore_patterns(".terraform*", "terraform.tfstate*"))
    if remembered.exists():
        shutil.copyfile(remembered, folder / provider.LOCK)
    provider.lay_lock(source, folder)
    (folder / "backend.tf").write_text(BACKEND, encoding="utf-8")


def tls_only(name: str) -> dict[str, Any]:
    """Return the policy of the bucket `name`, which denies every request that does not come over TLS."""
    statement = {
        "Sid": "TlsOnly",
        "Effect": "Deny",
        "Principal": "*",
        "Action": "s3:*",
        "Resource": [f"arn:aws:s3:::{name}", f"arn:aws:s3:::{name}/*"],
        "Condition": {"Bool": {"aws:SecureTransport": "false"}},
    }
    return {"Version": "2012-10-17", "Statement": [statement]}


def _settings(name: str) -> Mapping[str, Mapping[str, Any]]:
    """Return the settings of the bucket by the call that makes them."""
    closed = ("BlockPublicAcls", "IgnorePublicAcls", "BlockPublicPolicy", "RestrictPublicBuckets")
    encryption = {"Rules": [{"ApplyServerSideEncryptionByDefault": {"SSEAlgorithm": "AES256"}}]}
    expiry = {
        "ID": "forget-old-versions",
        "Status": "Enabled",
        "Filter": {},
        "NoncurrentVersionExpiration": {"NoncurrentDays": KEPT_DAYS, "NewerNoncurrentVersions": 10},
        "AbortIncompleteMultipartUpload": {"DaysAfterInitiation": 1},
    }
    return {
        "put_public_access_block": {"PublicAccessBlockConfiguration": dict.fromkeys(closed, True)},
        "put_bucket_ownership_controls": {
            "OwnershipControls": {"Rules": [{"ObjectOwnership": "BucketOwnerEnforced"}]},
        },
        "put_bucket_encryption": {"ServerSideEncryptionConfiguration": encryption},
        "put_bucket_versioning": {"VersioningConfiguration": {"Status": "Enabled"}},
        "put_bucket_lifecycle_configuration": {"LifecycleConfiguration": {"Rules": [expiry]}},
        "put_bucket_policy": {"Policy": json.dumps(tls_only(name))},
    }
