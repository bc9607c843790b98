"""What can happen to one AWS call: the process dies around it, its answer is lost, or AWS refuses for a while."""

import json
from datetime import timedelta

from tests.faults.crash_points.wire import Died, answer, lost

HEALED_AFTER = timedelta(seconds=70)
"""Longer than from one tick to the next."""


class Fault:
    """The fault of one call, by its number in the life of a stack; each hook may answer or raise.

    After one that passes, everything must come to an end within a few ticks; others accompany the whole life.
    """

    passes = True

    def __init__(self, number):
        self.number = number

    def before(self, aws):
        """The process is about to make the call."""

    def after(self, aws):
        """The process has the answer."""

    def on_send(self, aws, operation, request):
        """One HTTP request is about to leave, any call's; None lets it go."""
        return self.at(aws, operation, request) if len(aws.calls) == self.number else None

    def at(self, aws, operation, request):
        """The same for requests of this fault's own call."""

    def happened(self, aws):
        aws.suffered[type(self).__name__] += 1
        aws.passing += self.passes

    def __repr__(self):
        return f"{type(self).__name__}({self.number})"


class DiesBefore(Fault):
    """The process dies before the call."""

    def before(self, aws):
        self.happened(aws)
        raise Died


class DiesAfter(Fault):
    """The process dies with the effect done."""

    def after(self, aws):
        self.happened(aws)
        raise Died


class AnswerLost(Fault):
    """The effect is done, its answer is lost, and the SDK repeats the call."""

    tries = 1

    def at(self, aws, operation, request):
        if aws.tries <= self.tries:
            self.happened(aws)
            aws.carry_out(operation, request)
            raise lost(request)


class AllAnswersLost(AnswerLost):
    """The effect is done, and the SDK gives up after the last of its tries."""

    tries = 99


class Throttled(Fault):
    """The first try of the call is throttled."""

    tries, status, code = 1, 400, "ThrottlingException"

    def at(self, aws, operation, request):
        if aws.tries > self.tries:
            return None
        self.happened(aws)
        return refusal(request, operation, self.status, self.code)


class EachThrottled(Throttled):
    """The first try of every call is throttled; the number does not matter."""

    passes = False

    def on_send(self, aws, operation, request):
        return self.at(aws, operation, request)


class EachThrottledTwice(EachThrottled):
    """The first two tries of every call are throttled."""

    tries = 2


class EachFails(EachThrottled):
    """The first try of every call fails with a 500."""

    status, code = 500, "InternalServerError"


class EachAnswerLost(AnswerLost):
    """The first answer of every call is lost."""

    passes = False

    def on_send(self, aws, operation, request):
        return self.at(aws, operation, request)


class ThrottledOut(Throttled):
    """Every try of one call is throttled: the SDK gives up, and the next call goes through."""

    tries = 99


class ServerError(Throttled):
    """The call fails with a 500 until the SDK gives up."""

    tries, status, code = 99, 500, "InternalServerError"


class TimesOut(Fault):
    """No try of the call has an effect or an answer."""

    def at(self, aws, operation, request):
        self.happened(aws)
        raise lost(request)


class Outage(Fault):
    """From this call on every call of its operation is throttled, until a tick and more has passed."""

    def on_send(self, aws, operation, request):
        if len(aws.calls) < self.number or operation != aws.calls[self.number - 1].operation:
            return None
        aws.heals_at = aws.heals_at or aws.now() + HEALED_AFTER
        if aws.now() >= aws.heals_at:
            return None
        self.happened(aws)
        return refusal(request, operation, 400, "ThrottlingException")


class Partial(Fault):
    """The answer is a success that leaves everything undone, or a conflict: each service's own way."""

    tries = 1

    def at(self, aws, operation, request):
        if aws.tries > self.tries:
            return None
        body = json.loads(request.body) if operation != "Publish" else {}
        if operation == "SendMessageBatch":
            self.happened(aws)
            return aws.refuse_entries(request)
        if operation == "BatchGetItem":
            self.happened(aws)
            left = {"Responses": {}, "UnprocessedKeys": body["RequestItems"]}
            return answer(request, 200, json.dumps(left))
        if operation == "TransactWriteItems":
            self.happened(aws)
            reasons = [{"Code": "None"} for _ in body["TransactItems"]]
            reasons[0] = {"Code": "TransactionConflict", "Message": "busy"}
            return refusal(
                request, operation, 400, "TransactionCanceledException", CancellationReasons=reasons
            )
        return None


DEATHS = (DiesBefore, DiesAfter)
LOST_ANSWERS = (AnswerLost, AllAnswersLost)
REFUSALS = (ThrottledOut, ServerError, TimesOut)
PARTIAL = frozenset({"SendMessageBatch", "BatchGetItem", "TransactWriteItems"})
EVERYWHERE = (EachThrottled, EachThrottledTwice, EachFails, EachAnswerLost)


def refusal(request, operation, status, code, **more):
    """AWS's answer that says no, in the words of the service that is asked."""
    if operation == "Publish":
        xml = f"<ErrorResponse><Error><Type>x</Type><Code>{code}</Code><Message>No.</Message></Error></ErrorResponse>"
        return answer(request, status, xml)
    return answer(request, status, json.dumps({"__type": f"com.amazonaws#{code}", "message": "No.", **more}))
