"""AWS on the laptop: moto's server in a process of its own, on a free port of 127.0.0.1.

Run as a module it is that process: it prints its port and serves until it is killed.
"""

import json
import os
import subprocess
from functools import cache
from pathlib import Path
from threading import Lock
from typing import Any, Final

from local import processes
from local.inventory import REGION

CREDENTIALS = {
    "AWS_ACCESS_KEY_ID": "laptop",
    "AWS_SECRET_ACCESS_KEY": "laptop",  # pragma: allowlist secret
    "AWS_EC2_METADATA_DISABLED": "true",
    # Otherwise botocore looks for DynamoDB's streams at a host made of the account's number.
    "AWS_ACCOUNT_ID_ENDPOINT_MODE": "disabled",
}

_MAKING: Final = Lock()


class Emulator:
    """The running emulator; `client` gives boto3 clients of it."""

    def __init__(self, process: subprocess.Popen[bytes], endpoint: str) -> None:
        self._process = process
        self.endpoint = endpoint

    @classmethod
    def start(cls, log: Path) -> "Emulator":
        """Start moto and wait until it says its port."""
        root = Path(__file__).resolve().parent.parent
        environment = {**os.environ, "PYTHONPATH": str(root), "PYTHONUNBUFFERED": "1"}
        with log.open("ab") as errors:
            process = processes.start(
                "local.emulator",
                [],
                environment=environment,
                directory=root,
                output=subprocess.PIPE,
                errors=errors,
            )
        assert process.stdout is not None
        line = process.stdout.readline()
        if not line:
            processes.kill(process)
            raise RuntimeError(f"The emulator did not start; {log} says why.")
        return cls(process, f"http://127.0.0.1:{json.loads(line)['port']}")

    def client(self, service: str) -> Any:
        """Give a boto3 client of the emulated service."""
        return client(service, self.endpoint)

    @property
    def pid(self) -> int:
        """The process id."""
        return self._process.pid

    def stop(self) -> None:
        """End it, and all it remembers."""
        processes.kill(self._process)


def client(service: str, endpoint: str) -> Any:
    """Give a boto3 client that talks to a local endpoint."""
    from botocore.config import Config  # noqa: PLC0415

    config = Config(
        account_id_endpoint_mode="disabled",
        max_pool_connections=32,
        read_timeout=320,
        retries={"total_max_attempts": 1},
        parameter_validation=False,
    )
    # A session's data files are read once for all clients; only their making is not safe under threads.
    with _MAKING:
        return _session().client(service, endpoint_url=endpoint, config=config)


@cache
def _session() -> Any:
    import boto3  # noqa: PLC0415

    return boto3.Session(
        aws_access_key_id=CREDENTIALS["AWS_ACCESS_KEY_ID"],
        aws_secret_access_key=CREDENTIALS["AWS_SECRET_ACCESS_KEY"],
        region_name=REGION,
    )


def _serve() -> None:
    import logging  # noqa: PLC0415

    from moto.moto_server.werkzeug_app import (  # noqa: PLC0415
        DomainDispatcherApplication,
        MotoRequestHandler,
        create_backend_app,
    )
    from werkzeug.serving import make_server  # noqa: PLC0415

    from local import moto_fixes, moto_speed  # noqa: PLC0415

    moto_fixes.apply()
    moto_speed.hurry()
    logging.getLogger("werkzeug").setLevel(logging.ERROR)
    application = DomainDispatcherApplication(create_backend_app)
    server = make_server("127.0.0.1", 0, application, threaded=True, request_handler=MotoRequestHandler)
    print(json.dumps({"port": server.server_port}), flush=True)
    server.serve_forever()


if __name__ == "__main__":
    _serve()
