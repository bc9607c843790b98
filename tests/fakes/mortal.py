"""Processes that die at a chosen call of a port: just before it takes effect, or just after."""

from tests.fakes.database import MemoryDatabase


class Death(BaseException):
    """The process is gone; nothing it would have done still happens."""


class Reaper:
    """Counts port calls, and kills at those it is told."""

    def __init__(self, deaths=()):
        self.deaths = set(deaths)
        self.points = []

    def pass_by(self, name):
        self.points.append(name)
        if len(self.points) - 1 in self.deaths:
            raise Death(name)


class DyingDatabase(MemoryDatabase):
    """Every operation has a point before its effect and one after it."""

    reaper = Reaper()

    def before(self, operation):
        self.reaper.pass_by(f"before {operation}")

    def after(self, operation):
        self.reaper.pass_by(f"after {operation}")


class Mortal:
    """Added to a world with a database, a queue and work: its processes may die.

    A dead worker's message comes again, as SQS would bring it.
    """

    def make_mortal(self, deaths, *calls):
        """Dies at each of these points; `calls` are further ports to pass by, as (part, name)."""
        self.reaper = Reaper(deaths)
        self.database.__class__ = DyingDatabase
        self.database.reaper = self.reaper
        for part, name in ((self.queue, "send"), *calls):
            self._guard(part, name)

    def survives(self, act):
        """Whether the process that did this lived on."""
        try:
            act()
        except Death:
            return False
        return True

    def work_off(self):
        """Every message is worked, until its worker has lived to the end of it."""
        while self.queue.sent:
            message = self.queue.sent.pop(0)
            if not self.survives(lambda message=message: self.work(message)):
                self.queue.sent.append(message)

    def _guard(self, part, name):
        inner = getattr(part, name)

        def guarded(*arguments):
            self.reaper.pass_by(f"before {name}")
            answer = inner(*arguments)
            self.reaper.pass_by(f"after {name}")
            return answer

        setattr(part, name, guarded)
