"""Anchors in an object store: signed as Amazon asks, written once, and under a lock or not at all."""

from __future__ import annotations

import json
from datetime import UTC, datetime, timedelta
from typing import TYPE_CHECKING

import pytest

from runtime.environment import EnvironmentVariableError, LockedStore, read_locked_store
from runtime.maintenance.locked_store import Credentials, StoreError, keep, signed
from tests.runtime.object_store import ROLE, Store, reached, served

if TYPE_CHECKING:
    from collections.abc import Iterator
    from pathlib import Path

# The examples of https://docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html
EXAMPLE = Credentials("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
EXAMPLE_TIME = datetime(2013, 5, 24, tzinfo=UTC)
EXAMPLES: dict[str, tuple[str, str, dict[str, str], bytes, str]] = {
    "GET Object": (
        "GET",
        "/test.txt",
        {"range": "bytes=0-9"},
        b"",
        "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41",
    ),
    "PUT Object": (
        "PUT",
        "/test$file.text",
        {"date": "Fri, 24 May 2013 00:00:00 GMT", "x-amz-storage-class": "REDUCED_REDUNDANCY"},
        b"Welcome to Amazon S3.",
        "98ad721746da40c64f1a55b78f14c238d841ea1380cd77a1b5971af0ece108bd",
    ),
    "GET Bucket Lifecycle": (
        "GET",
        "/?lifecycle=",
        {},
        b"",
        "fea454ca298b7da1c68078a5d1bdbfbbe0d65c699e0f91ac7a200a0136783543",
    ),
    "GET Bucket (List Objects)": (
        "GET",
        "/?max-keys=2&prefix=J",
        {},
        b"",
        "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7",
    ),
}


@pytest.mark.parametrize("name", EXAMPLES)
def test_a_signature_is_that_of_amazon_s_own_example(name: str) -> None:
    method, path, headers, content, signature = EXAMPLES[name]
    url = f"https://examplebucket.s3.amazonaws.com{path}"
    found = signed(method, url, headers, content, EXAMPLE, "us-east-1", EXAMPLE_TIME)
    scope = "Credential=AKIAIOSFODNN7EXAMPLE/20130524/us-east-1/s3/aws4_request"
    assert found["authorization"].startswith(f"AWS4-HMAC-SHA256 {scope},SignedHeaders=")
    assert found["authorization"].endswith(f",Signature={signature}")


def test_a_locking_request_of_a_session_is_signed_as_amazon_s_own_library_signs_it() -> None:
    """The signature is what ``S3SigV4Auth`` of botocore 1.44.8 makes of the same request."""
    headers = {
        "content-type": "application/json",
        "content-md5": "abc==",
        "if-none-match": "*",
        "x-amz-object-lock-mode": "COMPLIANCE",
        "x-amz-object-lock-retain-until-date": "2027-01-01T00:00:00Z",
    }
    url = "https://b.s3.eu-central-1.amazonaws.com/of/production-eu-central-1-000000000002.json"
    session = Credentials("AKID", "secret/+", "tok==")
    found = signed("PUT", url, headers, b"{}", session, "eu-central-1", datetime(2026, 11, 29, 1, 2, 3, tzinfo=UTC))
    signature = "deb43af7f704f2c9d2fe3a15f6d33810e61058dc76c153b8830bdd30d8611e57"
    assert found["authorization"].endswith(f",Signature={signature}")
    assert found["x-amz-security-token"] == "tok=="


def test_no_secret_of_a_session_is_shown() -> None:
    assert repr(Credentials("k", "s", "t")) == "Credentials(key='k')"


@pytest.fixture
def store() -> Iterator[Store]:
    with served(Store()) as store:
        yield store


def test_an_object_is_kept_under_a_lock_in_compliance_mode(store: Store, tmp_path: Path) -> None:
    assert keep(reached(store, tmp_path), "production-1.json", b'{"a":1}\n')
    ((path, (content, headers)),) = store.objects.items()
    assert (path, json.loads(content)) == ("/anchors/of-production/production-1.json", {"a": 1})
    assert headers["x-amz-object-lock-mode"] == "COMPLIANCE"
    until = datetime.fromisoformat(headers["x-amz-object-lock-retain-until-date"])
    assert timedelta(days=96) < until - datetime.now(UTC) <= timedelta(days=97)
    (session,) = store.sessions
    assert (session["RoleArn"], session["DurationSeconds"]) == (ROLE, "900")


def test_an_object_that_is_there_is_left_as_it_is(store: Store, tmp_path: Path) -> None:
    assert keep(reached(store, tmp_path), "a.json", b"first")
    assert not keep(reached(store, tmp_path), "a.json", b"second")
    assert [content for content, _ in store.objects.values()] == [b"first"]


def test_a_bucket_that_locks_nothing_is_refused(store: Store, tmp_path: Path) -> None:
    store.locking = False
    with pytest.raises(StoreError, match=r"PUT http://.*/a\.json: 400 InvalidRequest$"):
        keep(reached(store, tmp_path), "a.json", b"")
    assert not store.objects


def test_a_token_that_is_refused_is_named_and_not_shown(store: Store, tmp_path: Path) -> None:
    with pytest.raises(StoreError, match=r"POST http://[^ ]+: 400 InvalidIdentityToken$") as refused:
        keep(reached(store, tmp_path, "of-another"), "a.json", b"")
    assert "of-another" not in str(refused.value)


def test_a_store_that_is_away_is_named(store: Store, tmp_path: Path) -> None:
    away = LockedStore("http://127.0.0.1:1/b", "r", ROLE, tmp_path / "token", "http://127.0.0.1:1", 1)
    with pytest.raises(StoreError, match="the token cannot be read"):
        keep(away, "a.json", b"")
    reached(store, tmp_path)
    with pytest.raises(StoreError, match=r"POST http://127\.0\.0\.1:1: .*refused"):
        keep(away, "a.json", b"")


def test_variables_of_the_store_are_all_faulted_at_once() -> None:
    assert read_locked_store({}) is None
    with pytest.raises(EnvironmentVariableError) as refused:
        read_locked_store({"CBP_LOCKED_STORE_URL": "http://bucket.example"})
    assert sorted({fault.split(" ")[0] for fault in refused.value.faults}) == [
        "CBP_LOCKED_STORE_IDENTITY_URL",
        "CBP_LOCKED_STORE_LOCKED_DAYS",
        "CBP_LOCKED_STORE_REGION",
        "CBP_LOCKED_STORE_ROLE",
        "CBP_LOCKED_STORE_TOKEN_FILE",
        "CBP_LOCKED_STORE_URL",
    ]
