"""Receivers that end with their test, and calls to send to them."""

import pytest

from carillon.adapters.targets.http import HttpTarget
from carillon.domain.allow_list import AllowList
from tests.contract.targets.receiver import Receiver, make_call


@pytest.fixture
def serve():
    """Starts a receiver for an answer; it ends with the test."""
    receivers = []

    def start(answer, **how):
        receivers.append(Receiver(answer, **how))
        return receivers[-1]

    yield start
    for receiver in receivers:
        receiver.close()


@pytest.fixture
def call():
    """Calls a receiver through an http target that may reach loopback."""

    def send(receiver, seconds=60.0, log=None, path="/", **spec):
        target = HttpTarget(AllowList.of(["127.0.0.1"]))
        spec = {"kind": "http", "url": f"http://127.0.0.1:{receiver.port}{path}", **spec}
        return target.execute(make_call(spec, seconds, log))

    return send
