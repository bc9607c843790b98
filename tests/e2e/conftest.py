"""Stacks to test on: one of stub functions, one that is Carillon's own."""

import json
import time

import pytest

from local.receiver import Receiver
from local.stack import LaptopCloud, Plan
from tests.e2e.stubs import write_stack


def silent(_line):
    """The tests read the log, not the terminal."""


@pytest.fixture(scope="module")
def receiver():
    """What jobs call, on this machine."""
    running = Receiver()
    yield running
    running.stop()


@pytest.fixture(scope="module")
def stub_cloud(tmp_path_factory):
    folder = tmp_path_factory.mktemp("stub-cloud")
    plan = Plan(template=write_stack(folder), folder=folder / "state", parameters={})
    with LaptopCloud(plan, say=silent) as cloud:
        yield cloud


@pytest.fixture
def invoke(stub_cloud):
    """Invokes a stub function; gives its answer and the kind of error, if any."""

    def call(name, event):
        answer = stub_cloud.function(name).invoke(json.dumps(event).encode())
        return json.loads(answer.payload), answer.error

    return call


@pytest.fixture(scope="module")
def heard(stub_cloud):
    """Waits until the stub functions have said all of the wanted, and gives everything said so far."""
    said = []

    def listen(*wanted, seconds=180):
        sqs, url = stub_cloud.client("sqs"), stub_cloud.inventory.physical_ids["Seen"]
        until = time.monotonic() + seconds
        while not all(said.count(item) >= wanted.count(item) for item in wanted):
            assert time.monotonic() < until, f"of {wanted} only {said} was said"
            for message in sqs.receive_message(QueueUrl=url, WaitTimeSeconds=1, MaxNumberOfMessages=10).get(
                "Messages", []
            ):
                said.append(json.loads(message["Body"]))
                sqs.delete_message(QueueUrl=url, ReceiptHandle=message["ReceiptHandle"])
        return said

    return listen


@pytest.fixture
def receive(stub_cloud):
    """Waits for one message on a queue of the stub stack, named by its logical id."""

    def one(logical_id, seconds=180):
        sqs, url = stub_cloud.client("sqs"), stub_cloud.inventory.physical_ids[logical_id]
        until = time.monotonic() + seconds
        while not (found := sqs.receive_message(QueueUrl=url, WaitTimeSeconds=5).get("Messages")):
            assert time.monotonic() < until, f"nothing came to {logical_id}"
        sqs.delete_message(QueueUrl=url, ReceiptHandle=found[0]["ReceiptHandle"])
        return found[0]["Body"]

    return one
