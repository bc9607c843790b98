"""The archive's bucket: written over S3, read over S3 and in memory."""

import gzip
import io

import pytest
from botocore.response import StreamingBody

from carillon.adapters.s3 import S3ArchiveBucket, S3ArchiveReader, read_object
from carillon.domain.errors import CarillonError, Unavailable
from carillon.ports.archive import StoredObject
from tests.fakes.memory import MemoryArchiveReader

KEY = "runs/date=2026-11-22/hour=02/1-1c9f0a7e.jsonl.gz"


@pytest.fixture
def s3(aws_client):
    client = aws_client("s3")
    client.create_bucket(
        Bucket="archive", CreateBucketConfiguration={"LocationConstraint": client.meta.region_name}
    )
    return client


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


@pytest.fixture(params=["memory", "s3"])
def reader(request, s3):
    """A reader, and how objects come to lie there."""
    if request.param == "memory":
        made = MemoryArchiveReader()
        return made, made.bodies.__setitem__
    return S3ArchiveReader(lambda: s3, "archive"), S3ArchiveBucket(s3, "archive").put


def test_objects_are_found_by_how_their_keys_begin_in_their_order_up_to_a_number(reader):
    archive, put = reader
    for name in ("hour=02/b", "hour=02/a", "hour=03/a", "hour=02/c"):
        put(f"runs/{name}", b"12345")

    assert archive.objects("runs/hour=02/", 2) == [
        StoredObject("runs/hour=02/a", 5),
        StoredObject("runs/hour=02/b", 5),
    ]
    assert len(archive.objects("runs/hour=02/", 4)) == 3
    assert archive.objects("runs/hour=04/", 4) == []


def test_an_object_is_read_as_it_was_last_put(reader):
    archive, put = reader
    put(KEY, b"once")
    put(KEY, b"twice")

    assert archive.read(KEY) == b"twice"


def test_an_object_that_breaks_off_is_a_passing_fault():
    class Broken:
        def get_object(self, **_):
            return {"Body": StreamingBody(io.BytesIO(b"half"), content_length=8)}

    with pytest.raises(Unavailable):
        read_object(Broken(), "archive", "runs/one.jsonl.gz")


def test_an_object_that_is_not_there_is_a_named_error(reader):
    archive, _ = reader

    with pytest.raises(CarillonError, match="NoSuchKey"):
        archive.read(KEY)
