"""The archive's bucket."""

from typing import Any

from botocore.exceptions import BotoCoreError, ClientError

from carillon.adapters.aws import named


class S3ArchiveBucket:
    """Writes gzip JSON Lines objects; raises Throttled and Unavailable."""

    def __init__(self, client: Any, bucket: str) -> None:
        self._client = client
        self._bucket = bucket

    def put(self, key: str, body: bytes) -> None:
        """Writes one object; the same key again replaces it with the same content."""
        try:
            # No Content-Encoding: readers such as Athena go by the .gz of the key, and a client that undid the
            # encoding on the way would leave a name that lies.
            self._client.put_object(Bucket=self._bucket, Key=key, Body=body, ContentType="application/gzip")
        except (BotoCoreError, ClientError) as error:
            raise named(error) from error
