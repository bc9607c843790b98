"""Claims a second a core: CPU time of the tick's own side, against a server that answers at once.

    python -m benchmarks.tick [schedules]

`claim and send` is the real Claimer over the real stores: transactions of 100 actions, messages in tens. `plan` is
the planning before it, of schedules alike (cached fire times) and of schedules that all differ. One row shows what
sealing and signing each message costs, one what claiming one by one would, as a scheduler without batches does.
"""

import os
import sys
import time
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from functools import partial
from typing import Any

import carillon.zones  # noqa: F401 - the pinned zone data
from benchmarks.canned import canned_aws
from benchmarks.keys import seals_in_memory
from carillon.adapters.aws import client
from carillon.adapters.clock import SystemChance, SystemClock
from carillon.adapters.dynamo.database import Database
from carillon.adapters.dynamo.schedules import DynamoSchedules
from carillon.adapters.pace import Pace
from carillon.adapters.sqs import SqsDispatchQueue
from carillon.domain.claim import Claim
from carillon.domain.dispatch import Dispatch
from carillon.domain.plan import plan
from carillon.domain.plan_claim import claim_of
from carillon.domain.schedule import Schedule, TimetableSpec
from carillon.ports.sealing import MessageSealer
from carillon.services.claim import Claimer, ClaimReport, in_batches

NOW = datetime(2026, 11, 22, 2, tzinfo=UTC)
ROUNDS = 5


def schedules(count: int, *, alike: bool) -> list[Schedule]:
    """Daily schedules due now; with `alike` False each has a zone offset that makes its cron text its own."""

    def expression(number: int) -> str:
        return "0 2 * * *" if alike else f"0 2 * * {number % 7},{(number // 7) % 7},{(number // 49) % 7} "

    return [
        Schedule(
            schedule_id=f"bench-{number:05}",
            timetable=TimetableSpec(expression(number).strip()),
            owner="bench",
            next_fire_at=NOW,
            due_at=NOW,
            created_at=NOW,
            updated_at=NOW,
        )
        for number in range(count)
    ]


def claims_of(due: Iterable[Schedule]) -> list[Claim]:
    """The claims of a tick at NOW."""
    return [claim_of(plan(schedule, NOW, NOW + timedelta(seconds=180)), NOW) for schedule in due]


def cpu_seconds(work: Callable[[], Any]) -> float:
    """CPU time of this process for the work: the best of several rounds, which noise can only raise."""
    best = float("inf")
    for _ in range(ROUNDS):
        begin = time.process_time()
        work()
        best = min(best, time.process_time() - begin)
    return best


class InClear:
    """What messages would cost if they were neither sealed nor signed; no stack sends them so."""

    def seal(self, messages: Sequence[Dispatch]) -> list[str]:
        """The messages' own JSON."""
        return [message.encode() for message in messages]


def the_claimer(messages: MessageSealer) -> Claimer:
    """The tick's Claimer, wired as in the cloud."""
    clock, chance = SystemClock(), SystemChance()
    pace = Pace(clock, chance)
    database = Database(client=client("dynamodb"), pace=pace, schedules_table="s", runs_table="r")
    queue = SqsDispatchQueue(
        client("sqs"), f"{os.environ['AWS_ENDPOINT_URL']}/q", messages, clock=clock, pace=pace
    )
    return Claimer(DynamoSchedules(database), queue, clock, chance)


def measure(count: int) -> Iterator[tuple[str, float]]:
    """Names and rates a second of a core."""
    claimer, unsealed = the_claimer(seals_in_memory("tick").signing_messages()), the_claimer(InClear())
    alike = schedules(count, alike=True)
    claims = claims_of(alike)
    few = claims[: max(50, count // 10)]

    def run(
        batches: Iterable[Sequence[Claim]], threads: int, claimer: Claimer = claimer
    ) -> list[ClaimReport]:
        with ThreadPoolExecutor(threads) as pool:
            return list(pool.map(claimer.claim_and_send, batches))

    for threads in (1, 8):
        seconds = cpu_seconds(partial(run, list(in_batches(claims)), threads))
        yield f"claim and send, batched, {threads} thread{'s' * (threads > 1)}", count / seconds
    seconds = cpu_seconds(partial(run, list(in_batches(claims)), 1, unsealed))
    yield "the same, were messages in clear", count / seconds
    yield "claim and send, one by one", len(few) / cpu_seconds(lambda: run([[claim] for claim in few], 1))
    yield "plan, schedules alike", count / cpu_seconds(lambda: claims_of(alike))
    begin = time.process_time()
    claims_of(schedules(count, alike=False))
    yield "plan, schedules all different, first time", count / (time.process_time() - begin)


def main() -> None:
    """Prints a table of rates and their ratio to the first row."""
    count = int(sys.argv[1]) if len(sys.argv) > 1 else 2000
    os.environ |= {
        "AWS_DEFAULT_REGION": "eu-central-1",
        "AWS_ACCESS_KEY_ID": "x",
        "AWS_SECRET_ACCESS_KEY": "x",
    }
    with canned_aws() as endpoint:
        os.environ["AWS_ENDPOINT_URL"] = endpoint
        first = 0.0
        print(f"{count} schedules due at once; rates per second of one core's CPU time")
        for name, rate in measure(count):
            first = first or rate
            print(f"  {name:<45} {rate:>9,.0f}/s   x {rate / first:.2f}")


if __name__ == "__main__":
    main()
