"""The audit log's objects under Object Lock in S3, and the root key in KMS."""

from datetime import UTC, datetime, timedelta

import pytest
from moto import mock_aws

from carillon.adapters import aws
from carillon.adapters.audit_archive import KmsRootSigner, S3AuditArchive
from carillon.domain.errors import CarillonError
from tests.fakes.clock import FakeClock

KEY = "audit/date=2026-11-22/shard=0/1.jsonl.gz"


@pytest.fixture
def cloud(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.setenv("AWS_DEFAULT_REGION", "us-east-1")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        yield aws.client


@pytest.fixture
def s3(cloud):
    client = cloud("s3")
    client.create_bucket(Bucket="archive", ObjectLockEnabledForBucket=True)
    return client


def test_an_object_is_locked_for_its_time(s3):
    now = datetime.now(UTC)
    archive = S3AuditArchive(s3, "archive", FakeClock(now), 365, "COMPLIANCE")
    archive.put(KEY, b"one")
    written = s3.head_object(Bucket="archive", Key=KEY)
    assert written["ObjectLockMode"] == "COMPLIANCE"
    until = written["ObjectLockRetainUntilDate"]
    assert abs(until - now - timedelta(days=365)) < timedelta(seconds=2)
    version = s3.list_object_versions(Bucket="archive")["Versions"][0]["VersionId"]
    with pytest.raises(Exception, match="AccessDenied"):
        s3.delete_object(Bucket="archive", Key=KEY, VersionId=version)


def test_objects_are_listed_in_the_order_of_their_keys_and_read_in_their_newest_version(s3):
    archive = S3AuditArchive(s3, "archive", FakeClock(datetime.now(UTC)), 1, "GOVERNANCE")
    for key in ("audit/b", "audit/a", "other/c"):
        archive.put(key, key.encode())
    archive.put("audit/a", b"again")
    assert list(archive.keys("audit/")) == ["audit/a", "audit/b"]
    assert archive.read("audit/a") == b"again"


def test_a_list_goes_on_beyond_a_thousand_keys():
    class Pages:
        def list_objects_v2(self, **call):
            if "ContinuationToken" not in call:
                return {"Contents": [{"Key": "a"}], "NextContinuationToken": "t"}
            return {"Contents": [{"Key": call["ContinuationToken"]}]}

    assert list(S3AuditArchive(Pages(), "archive", FakeClock(), 1, "GOVERNANCE").keys("")) == ["a", "t"]


def test_a_refusal_is_named(s3):
    archive = S3AuditArchive(s3, "nobodys", FakeClock(datetime.now(UTC)), 1, "GOVERNANCE")
    with pytest.raises(CarillonError, match="NoSuchBucket"):
        archive.put(KEY, b"")


def test_the_root_key_signs_and_its_public_key_verifies(cloud):
    kms = cloud("kms")
    key = kms.create_key(KeySpec="ECC_NIST_P256", KeyUsage="SIGN_VERIFY")["KeyMetadata"]["KeyId"]
    signer = KmsRootSigner(kms, key)
    signature = signer.sign(b"a day")
    assert signer.verify(b"a day", signature)
    assert not signer.verify(b"another day", signature)
    assert not signer.verify(b"a day", b"not a signature")
