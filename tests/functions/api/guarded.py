"""A stack whose doors are all shut: risk as the table says, five triggers a minute, and people with second factors."""

from datetime import timedelta

import pyotp

from carillon.domain.access import UserKind
from carillon.domain.risk import risk
from carillon.domain.totp import STEP_SECONDS
from tests.functions.api.world import PASSWORD, ApiWorld


class GuardedWorld(ApiWorld):
    """The admin has a second factor, and so has whoever is given to `enrol`."""

    def __init__(self, **changes):
        self.seeds = {}
        super().__init__(judge=risk, triggers_per_minute=5, **changes)
        self.enrol("admin")

    def by(self, name, method, path, document=None, **more):
        """One request of somebody."""
        return self.call(method, path, document, token=self.token_of(name), **more)

    def enrol(self, name):
        """Gives somebody a second factor, and answers the recovery codes."""
        made = self.by(name, "POST", "/v1/me/totp", {"password": PASSWORD})
        assert made.status == 201, made.text
        self.seeds[name] = made.json["secret"]
        active = self.by(name, "POST", "/v1/me/totp/activate", {"code": self.code(name)})
        assert active.status == 200, active.text
        self.clock.advance(STEP_SECONDS)
        return active.json["recovery_codes"]

    def code(self, name="admin", steps=0):
        """The code that somebody's app shows, so many steps from now."""
        moment = self.clock.now() + timedelta(seconds=steps * STEP_SECONDS)
        return pyotp.TOTP(self.seeds[name]).at(moment)

    def next_code(self, name="admin"):
        """The code of the next step."""
        self.clock.advance(STEP_SECONDS)
        return self.code(name)

    def wrong_code(self, name="admin"):
        """A code that is none of those near."""
        near = {self.code(name, steps) for steps in range(-3, 4)}
        return next(code for code in map("{:06d}".format, range(10)) if code not in near)

    def asked(self, method, path, document=None, name="admin", **more):
        """The confirmation that a request got."""
        answer = self.by(name, method, path, document, **more)
        assert answer.status == 202, answer.text
        return answer.json["confirmation"]

    def confirm(self, confirmation, code=None, name="admin"):
        """The answer to a confirmation with a code."""
        path = f"/v1/confirmations/{confirmation['confirmation_id']}"
        return self.by(name, "POST", path, {"code": code or self.code(name)})

    def machine(self, *roles, name="bot"):
        """A service account, made at the store."""
        self.add_user(name, roles=roles, kind=UserKind.SERVICE)
        return name

    def sensitive(self, schedule_id="payroll"):
        """A schedule that is marked sensitive."""
        return self.create(schedule_id=schedule_id, sensitive=True)
