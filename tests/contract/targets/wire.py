"""A service of AWS at the end of a real wire, which answers what a test wants: an error, or nothing at all."""

import json

from botocore.config import Config
from botocore.session import Session

from carillon.adapters.targets.aws_call import AwsClients
from tests.contract.targets.receiver import Receiver, reply

CLOSE = "Connection: close\n"


def clients_at(port):
    """Clients of every service whose wire ends at this port of loopback."""
    return AwsClients(lambda service, region: made(service, region, f"http://127.0.0.1:{port}"))


def made(service, region, endpoint_url=None):
    config = Config(
        parameter_validation=False, retries={"total_max_attempts": 1}, connect_timeout=60, read_timeout=60
    )
    options = {"aws_access_key_id": "test", "aws_secret_access_key": "test", "config": config}
    return Session().create_client(service, region_name=region, endpoint_url=endpoint_url, **options)


def error(status, code, message="so it is"):
    """An error in the three shapes that the services use; a client reads the one of its own protocol."""
    body = json.dumps({"__type": code, "message": message}).encode()
    head = f"HTTP/1.1 {status} No\n{CLOSE}Content-Type: application/x-amz-json-1.1\nx-amzn-ErrorType: {code}"
    return reply(f"{head}\nx-amzn-query-error: {code};Sender\nContent-Length: {len(body)}", body)


def xml_error(status, code):
    details = f"<Type>Sender</Type><Code>{code}</Code><Message>so it is</Message>"
    text = f"<ErrorResponse><Error>{details}</Error></ErrorResponse>"
    head = f"HTTP/1.1 {status} No\n{CLOSE}Content-Type: text/xml"
    return reply(f"{head}\nContent-Length: {len(text)}", text.encode())


def answer(document, **headers):
    """A success with a JSON body."""
    body = document if isinstance(document, bytes) else json.dumps(document).encode()
    lines = "".join(f"{name.replace('_', '-')}: {value}\n" for name, value in headers.items())
    return reply(
        f"HTTP/1.1 200 OK\n{CLOSE}{lines}Content-Type: application/x-amz-json-1.1\nContent-Length: {len(body)}",
        body,
    )


def cut(connection):
    """The request was read, and the connection ends without an answer."""


def silent(connection):
    """The request was read, and nothing comes for as long as somebody waits."""
    connection.recv(1)


class Service(Receiver):
    """A service that gives each request the next of its answers, and the last one from then on."""

    def __init__(self, *answers):
        self._left = list(answers)
        super().__init__(self._next)

    def _next(self, connection):
        (self._left.pop(0) if len(self._left) > 1 else self._left[0])(connection)
