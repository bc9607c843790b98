"""The archive's bucket over S3."""

import gzip

import botocore.session
import pytest
from moto import mock_aws

from carillon.adapters.s3 import S3ArchiveBucket
from carillon.domain.errors import CarillonError

KEY = "runs/date=2026-11-22/hour=02/1-1c9f0a7e.jsonl.gz"


@pytest.fixture
def s3(monkeypatch):
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.setenv(name, "testing")
    monkeypatch.delenv("AWS_ENDPOINT_URL", raising=False)
    with mock_aws():
        client = botocore.session.Session().create_client("s3", region_name="us-east-1")
        client.create_bucket(Bucket="archive")
        yield client


def test_an_object_comes_back_as_the_gzip_bytes_it_was_written_with(s3):
    body = gzip.compress(b'{"run_id":"nightly-etl@20261122T020000Z"}\n', mtime=0)

    S3ArchiveBucket(s3, "archive").put(KEY, body)

    found = s3.get_object(Bucket="archive", Key=KEY)
    assert found["Body"].read() == body
    assert "ContentEncoding" not in found


def test_writing_a_key_again_leaves_one_object(s3):
    bucket = S3ArchiveBucket(s3, "archive")

    bucket.put(KEY, b"once")
    bucket.put(KEY, b"once")

    assert [item["Key"] for item in s3.list_objects_v2(Bucket="archive")["Contents"]] == [KEY]


def test_a_bucket_that_does_not_exist_is_a_named_error(s3):
    with pytest.raises(CarillonError, match="NoSuchBucket"):
        S3ArchiveBucket(s3, "gone").put(KEY, b"")
