"""The archive's bucket."""

from collections.abc import Callable, Sequence
from typing import Any

from botocore.exceptions import BotoCoreError

from carillon.adapters.aws import call, named
from carillon.ports.archive import StoredObject


class S3ArchiveBucket:
    """Writes gzip JSON Lines objects; raises Throttled and Unavailable."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, body: bytes) -> None:
        """Writes one object; the same key again replaces it with the same content."""
        # No Content-Encoding: readers such as Athena go by the .gz of the key, and a client that undid the
        # encoding on the way would leave a name that lies.
        call(
            self._client,
            "put_object",
            Bucket=self._bucket,
            Key=key,
            Body=body,
            ContentType="application/gzip",
        )


class S3ArchiveReader:
    """ArchiveReader over S3; `connect` makes the client when something is read first. Throttled, Unavailable."""

    def __init__(self, connect: Callable[[], Any], bucket: str) -> None:
        self._connect = connect
        self._bucket = bucket

    def objects(self, prefix: str, limit: int) -> Sequence[StoredObject]:
        """ListObjectsV2, one page."""
        answer = call(self._connect(), "list_objects_v2", Bucket=self._bucket, Prefix=prefix, MaxKeys=limit)
        return [StoredObject(each["Key"], int(each["Size"])) for each in answer.get("Contents", ())]

    def read(self, key: str) -> bytes:
        """GetObject."""
        return read_object(self._connect(), self._bucket, key)


def read_object(client: Any, bucket: str, key: str) -> bytes:
    """GetObject, to the body's end; Throttled and Unavailable, also where the body breaks off."""
    body = call(client, "get_object", Bucket=bucket, Key=key)["Body"]
    try:
        return bytes(body.read())
    except BotoCoreError as error:
        raise named(error) from error
