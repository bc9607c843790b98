"""A life from its first tick to its end: what comes when, and when it is over."""

from datetime import timedelta

from tests.faults.crash_points.cloud import ASKED_AGAIN_AFTER, BEGIN, Cloud

MINUTE = timedelta(minutes=1)
FEW_TICKS = 6
"""Ticks after the last fault and the last thing that anybody asked for, within which everything must have ended."""
MOST_ASKED = 60


def begin(wire, tables, scenario):
    """The tables as every life of the scenario finds them: with its schedules, as the API makes them."""
    wire.reset()
    tables.clear()
    cloud = Cloud(wire, tables, scenario)
    for document in scenario.schedules:
        assert cloud.ask("create_schedule", cloud.definition(document)), cloud.lines
    return tables.saved()


def live(wire, tables, scenario, found, faults=()):
    """The cloud after a life through the scenario with these faults; its witness has judged it."""
    wire.reset()
    tables.put_back(found)
    cloud = Cloud(wire, tables, scenario)
    wire.faults = {fault.number: fault for fault in faults}
    wire.counting = True
    _Life(cloud).pass_by()
    wire.counting = False
    cloud.witness.final(scenario.expected())
    return cloud


class _Life:
    def __init__(self, cloud):
        self.cloud, self.clock = cloud, cloud.clock
        scenario = cloud.scenario
        self.agenda = sorted(
            ((BEGIN + timedelta(seconds=at), step) for at, step in scenario.script),
            key=lambda entry: entry[0],
        )
        self.next_tick = BEGIN + timedelta(seconds=scenario.first_tick)
        self.clock.set(self.next_tick)
        self.peace_at = BEGIN + timedelta(seconds=scenario.last)
        self.asked, self.last_tick_was_clean = 0, False

    def pass_by(self):
        suffered = 0
        while True:
            if suffered != self._faults():
                suffered = self._faults()
                self.peace_at = max(self.peace_at, self.clock.now())
            if self.clock.now() > self.peace_at + FEW_TICKS * MINUTE or not self._one_thing():
                return

    def _faults(self):
        return self.cloud.wire.passing

    def _one_thing(self):
        """Does what comes next; False when nothing will come any more."""
        cloud = self.cloud
        if cloud.stream:
            cloud.follow(*cloud.stream.pop(0))
            return True
        message = min(cloud.messages, key=lambda each: (each.at, each.number), default=None)
        dead = min(cloud.dead, key=lambda each: (each.at, each.number), default=None)
        # The agenda comes before messages of the same moment, and the tick before both.
        choices = [(self.next_tick, 0, self._tick)]
        if message is not None and self._is_over(but_for_messages=True):
            choices = []  # Only messages of the past are left, which no tick has a part in.
        if self.agenda:
            choices.append((self.agenda[0][0], 1, self._step))
        if dead is not None:
            choices.append((dead.at, 2, lambda: (cloud.dead.remove(dead), cloud.bury(dead))))
        if message is not None:
            choices.append((message.at, 3, lambda: (cloud.messages.remove(message), cloud.work(message))))
        at, _, act = min(choices, key=lambda choice: choice[:2])
        if act == self._tick and self._is_over():
            return False
        self.clock.set(max(self.clock.now(), at))
        act()
        return True

    def _is_over(self, *, but_for_messages=False):
        runs = self.cloud.witness.runs
        made = self.cloud.scenario.expected().keys() - self.cloud.scenario.may_be_missing() <= runs.keys()
        ended = made and all(run.state.is_terminal for run in runs.values())
        done = ended and not (self.agenda or self.cloud.dead or self.cloud.tables.has_letters())
        quiet = but_for_messages or not self.cloud.messages
        return done and quiet and self.last_tick_was_clean and self.next_tick > self.peace_at

    def _tick(self):
        self.next_tick += MINUTE
        before = self._faults()
        self.cloud.tick()
        self.last_tick_was_clean = before == self._faults()

    def _step(self):
        _, step = self.agenda.pop(0)
        if step(self.cloud) is None and self.asked < MOST_ASKED:
            # No answer came: whoever asked asks again.
            self.asked += 1
            self.agenda.insert(0, (self.clock.now() + ASKED_AGAIN_AFTER, step))
            self.peace_at = max(self.peace_at, self.clock.now())
