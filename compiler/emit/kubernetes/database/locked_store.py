"""The way of jobs to the cluster's bucket under Object Lock: a token that Amazon takes, and variables of the runtime.

Sources: the cluster's ``anchors`` and ``region``.
Upstream: https://docs.aws.amazon.com/eks/latest/userguide/iam-roles-for-service-accounts.html
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from compiler.emit.kubernetes.common.cron_jobs import TOKEN_SECONDS
from compiler.emit.text import number

if TYPE_CHECKING:
    from compiler.model.environment import Anchors

CLOUD_AUDIENCE = "sts.amazonaws.com"
CLOUD_TOKEN = "cloud-token"  # noqa: S105 - a file


def token_source(path: str, audience: str) -> dict[str, Any]:
    """Return the volume source of a token of the pod's ServiceAccount for an audience."""
    return {"serviceAccountToken": {"path": path, "audience": audience, "expirationSeconds": TOKEN_SECONDS}}


def store_variables(anchors: Anchors, region: str, tokens: str, days: int, within: str = "") -> dict[str, str]:
    """Return the variables of the bucket, and of the service that gives credentials for it in the same region.

    ``tokens`` is the folder of the pod's tokens, ``within`` a folder below the stated one, and ``days`` the lock.
    """
    bucket, _, folder = anchors.location.removeprefix("s3://").partition("/")
    # Amazon's certificate is for names of one more part, which the name of a bucket with a dot is not.
    apart = anchors.endpoint is None and "." not in bucket
    server = anchors.endpoint or f"https://s3.{region}.amazonaws.com"
    url = f"https://{bucket}.s3.{region}.amazonaws.com" if apart else f"{server.rstrip('/')}/{bucket}"
    return {
        "CBP_LOCKED_STORE_URL": "/".join(filter(None, (url, folder.strip("/"), within))),
        "CBP_LOCKED_STORE_REGION": region,
        "CBP_LOCKED_STORE_ROLE": anchors.identity,
        "CBP_LOCKED_STORE_TOKEN_FILE": f"{tokens}/{CLOUD_TOKEN}",
        "CBP_LOCKED_STORE_IDENTITY_URL": f"https://sts.{region}.amazonaws.com",
        "CBP_LOCKED_STORE_LOCKED_DAYS": number(days),
    }
