"""A stack whose doors are shut, with people who have second factors, one who has none, and a machine."""

import json

from tests.functions.api.guarded import GuardedWorld

TRIGGER = "/v1/schedules/payroll/trigger"
PLAIN = "/v1/schedules/etl/trigger"


class Fortress(GuardedWorld):
    """`payroll` is sensitive, `etl` is not; admin, olga (operator), ed (editor), vera have a factor, nina none."""

    def __init__(self):
        super().__init__()
        for name, role in (("olga", "operator"), ("ed", "editor"), ("vera", "viewer")):
            self.add_user(name, roles=(role,))
            self.enrol(name)
        self.add_user("nina", roles=("operator",))
        self.machine("operator")
        self.sensitive()
        self.create(schedule_id="etl")

    def trigger(self, name="olga", path=PLAIN, **headers):
        """One trigger with headers of one's own; None leaves a header out."""
        sent = {key.replace("_", "-"): value for key, value in headers.items()}
        return self.by(name, "POST", path, headers=sent)

    def waiting(self, name="olga", **more):
        """The confirmation of a sensitive trigger."""
        return self.asked("POST", TRIGGER, name=name, **more)

    def reply(self, confirmation, document, name="olga"):
        """Any reply to a confirmation."""
        return self.by(name, "POST", f"/v1/confirmations/{confirmation['confirmation_id']}", document)

    @property
    def manual_runs(self):
        """How many runs somebody has made."""
        return len(self.database.runs)

    def rewritten(self, confirmation, **changes):
        """Changes the row of a confirmation, as a writer to the table could."""
        key = f"confirmation#{confirmation['confirmation_id']}"
        fact = self.facts.rows[key]
        value = json.loads(json.dumps(dict(fact.value))) | changes
        self.facts.rows[key] = type(fact)(value, fact.until, fact.stamp)


def seconds(world, by=0):
    """The world's time in epoch seconds, so many seconds off."""
    return str(int(world.clock.now().timestamp()) + by)
