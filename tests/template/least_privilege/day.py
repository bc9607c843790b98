"""One day of a stack, played once for whoever asks: who called what, and everything that was said and kept."""

import gzip
import io
import zlib
from contextlib import redirect_stderr, redirect_stdout, suppress

from tests.template.least_privilege.play import Play
from tests.template.least_privilege.stage import Stage, listen

PLANTED = "pl4nted/Se+cret-value~7731"  # pragma: allowlist secret
TABLES = ("SchedulesTable", "RunsTable", "AccessTable", "GuardsTable", "AuditTable")


class Day:
    """Everything that was said and kept in the course of one day."""

    def __init__(self, folder):
        self.stage, said = Stage(folder), io.StringIO()
        try:
            listen(self.stage.recorder)
            self.stage.subscribe()
            play = Play(self.stage, planted=PLANTED)
            with redirect_stdout(said), redirect_stderr(said):
                play.run()
            self.received, self.seed = play.received, play.seed
            self.places = {
                "log": said.getvalue(),
                "answers": "\n".join(self.stage.answers),
                "messages": "\n".join(self.stage.sent),
                "alerts": "\n".join(self.stage.alerts()),
                "archive": "\n".join(self._archive()),
                **{table: "\n".join(_texts(self.stage.rows(table))) for table in TABLES},
            }
        finally:
            self.stage.stop()

    def _archive(self):
        s3, bucket = self.stage.client("s3"), self.stage.refs["ArchiveBucket"].ref
        for entry in s3.list_objects_v2(Bucket=bucket).get("Contents", []):
            body = s3.get_object(Bucket=bucket, Key=entry["Key"])["Body"].read()
            yield entry["Key"]
            yield (gzip.decompress(body) if body[:2] == b"\x1f\x8b" else body).decode(errors="replace")


def _texts(value):
    """Every text and every run of bytes in rows, unpacked where it is packed."""
    if isinstance(value, dict):
        for name, each in value.items():
            yield name
            yield from _texts(each)
    elif isinstance(value, list):
        for each in value:
            yield from _texts(each)
    elif isinstance(value, bytes):
        yield value.decode("latin-1")
        with suppress(zlib.error):
            yield zlib.decompress(value).decode(errors="replace")
    else:
        yield str(value)
