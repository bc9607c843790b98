"""A stack of no size: the real api over stores in memory, served to a browser, by the time of day."""

import json
from datetime import UTC, datetime

from api.handler import respond
from local.http_front import decoded_path, event_of, response_of
from local.inventory import Route
from local.sandbox import Answer
from local.web import Server
from tests.functions.api.guarded import GuardedWorld


class SharedWorld(GuardedWorld):
    """A world that a test and a browser ask at the same time."""

    def call(self, *request, **more):
        with self.database.lock:
            return super().call(*request, **more)


class SmallStack:
    """The api, the address at which a browser finds it, and what it was asked."""

    def __init__(self):
        self.world = SharedWorld()
        self.world.clock.set(datetime.now(UTC))
        self.world.token = self.world.token_of("admin")
        self.asked = []
        self._server = Server(self._answer)
        self.url = f"http://{self._server.address}"

    def _answer(self, request):
        path = decoded_path(request.target)
        event = event_of(request, Route("ANY", "/{proxy+}", "api"), path, {})
        with self.world.database.lock:
            # A browser says when it asks, and a request may not be old; a test may be ahead by a code's time.
            self.world.clock.set(max(self.world.clock.now(), datetime.now(UTC)))
            self.asked.append((request.method, path, request.body))
            answer = respond(event, self.world.api)
        return response_of(Answer(json.dumps(answer).encode(), None))

    def bodies(self, method, path):
        """What was sent there, newest last."""
        return [json.loads(body) for verb, where, body in self.asked if (verb, where) == (method, path)]

    def stop(self):
        self._server.stop()
