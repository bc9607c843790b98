"""The adversary's stores: the in-memory ones, each call late, lost, refused, repeated, split, or its maker's last."""

from dataclasses import replace

from carillon.domain.claim import ClaimFault, ClaimVerdict
from carillon.domain.errors import Throttled, Unavailable
from tests.fakes.backfills import MemoryBackfills, MemoryRunStates
from tests.fakes.database import MemoryDatabase, stored
from tests.fakes.runs import MemoryRuns
from tests.fakes.schedules import MemorySchedules
from tests.fakes.slots import MemorySlots


class Watched(dict):
    """A table that tells every write to a witness before it stands."""

    def __init__(self, witness):
        super().__init__()
        self._witness = witness

    def __setitem__(self, key, row):
        self._witness(key, self.get(key), row)
        super().__setitem__(key, row)

    def update(self, rows):
        for key, row in rows.items():
            self[key] = row


class AdversarialDatabase(MemoryDatabase):
    """Tables whose writes are witnessed and whose indexes may lag behind."""

    def __init__(self, stage, witness):
        super().__init__(shards=1)
        self._stage, self._witness = stage, witness
        self.heads, self.runs = Watched(witness.head_written), Watched(witness.run_written)
        self.backfills = Watched(witness.backfill_written)
        self._old_heads, self._old_runs = {}, {}

    def index(self):
        """The indexes catch up."""
        self._old_heads, self._old_runs = dict(self.heads), dict(self.runs)

    def after(self, operation):
        self._witness.operation_ends()

    def busy(self, operation, key):
        return self._stage.chance(self._stage.odds.conflict)

    def indexed_heads(self):
        return self._old_heads if self._stage.chance(self._stage.odds.lag) else self.heads

    def indexed_runs(self):
        return self._old_runs if self._stage.chance(self._stage.odds.lag) else self.runs


class Adversary:
    """What may happen to one call of a store."""

    def __init__(self, stage):
        self._stage = stage
        self.weakness = stage.weakness

    def __call__(self, what, effect):
        """Carries out the call, or does not, and answers, or does not."""
        stage, odds = self._stage, self._stage.odds
        stage.at_call(what)
        if stage.chance(odds.throttle):
            raise Throttled
        if stage.chance(odds.unavailable):
            raise Unavailable
        answer = effect()
        if stage.chance(odds.repeat):
            stage.at_call(f"{what}, sent again by the SDK")
            answer = effect()
        if stage.chance(odds.lost):
            stage.note(f"{what}: done, answer lost")
            raise Unavailable
        if stage.chance(odds.die):
            stage.at_call(f"{what}: done")
        return answer


class AdversarialRuns(MemoryRuns):
    """RunStore under attack."""

    def __init__(self, database, stage):
        super().__init__(database)
        self._attack = Adversary(stage)

    def put_if_absent(self, run, audit=None):
        return self._attack(f"put {run.run_id}", lambda: MemoryRuns.put_if_absent(self, run, audit))

    def get(self, run_id):
        return self._attack(f"get {run_id}", lambda: MemoryRuns.get(self, run_id))

    def get_many(self, run_ids):
        rows = self._attack("get many", lambda: MemoryRuns.get_many(self, run_ids))
        return self._attack.weakness.rows(rows)

    def tree(self, top):
        return self._attack(f"tree of {top}", lambda: MemoryRuns.tree(self, top))

    def transition(self, before, after, *, held_wake=False, audit=None):
        def effect():
            given = weakness.condition(before, self._database.runs.get(before.run_id))
            return MemoryRuns.transition(self, given, after, held_wake=held_wake, audit=audit)

        weakness = self._attack.weakness
        return self._attack(f"{before.run_id} {before.state} → {after.state} ({after.reason})", effect)

    def queued_between(self, schedule_id, first, last):
        if self._attack.weakness.lacks("queued runs ended"):
            return []
        return self._attack(
            "queued between", lambda: MemoryRuns.queued_between(self, schedule_id, first, last)
        )

    def of_schedule(self, schedule_id, limit, start=None):
        return self._attack("of schedule", lambda: MemoryRuns.of_schedule(self, schedule_id, limit, start))

    def wake_before(self, shard, moment, limit):
        if self._attack.weakness.lacks("sweep"):
            return []
        return self._attack("wake before", lambda: MemoryRuns.wake_before(self, shard, moment, limit))


class AdversarialSchedules(MemorySchedules):
    """ScheduleStore under attack; a claim may come in pieces: rows one by one, then the head."""

    def __init__(self, database, stage):
        super().__init__(database)
        self._stage = stage
        self._attack = Adversary(stage)

    def due_before(self, shard, horizon):
        pages = self._attack("due before", lambda: list(MemorySchedules.due_before(self, shard, horizon)))
        for page in pages:
            self._stage.at_call("page of due")
            yield page

    def head(self, schedule_id):
        head = self._attack(f"head {schedule_id}", lambda: MemorySchedules.head(self, schedule_id))
        return self._attack.weakness.head(head)

    def revision(self, schedule_id, number):
        return self._attack("revision", lambda: MemorySchedules.revision(self, schedule_id, number))

    def write(self, change):
        change = self._attack.weakness.change(change)
        what = f"write {change.after.schedule_id} v{change.after.head_version} {change.after.state}"
        return self._attack(what, lambda: MemorySchedules.write(self, change))

    def commit(self, claims):
        if self._stage.chance(self._stage.odds.split):
            verdicts = [self._in_pieces(claim) for claim in claims]
            conflict = ClaimVerdict(ClaimFault.CONFLICT)
            return [verdict or conflict for verdict in verdicts] if any(verdicts) else None
        what = "; ".join(
            f"claim {claim.schedule.schedule_id} {[str(run.run_id) for run in claim.runs]} next {claim.next_fire_at}"
            for claim in claims
        )
        return self._attack(what, lambda: MemorySchedules.commit(self, self._weakened(claims)))

    def _weakened(self, claims):
        weakness, tables = self._attack.weakness, self._database
        if weakness.lacks("put if absent"):
            for claim in claims:
                for run in claim.runs:
                    tables.runs.pop(run.run_id, None)
        return [weakness.claim(claim, tables.heads.get(claim.schedule.schedule_id)) for claim in claims]

    def _in_pieces(self, claim):
        for run in claim.runs:
            self._attack(f"piece of a claim: {run.run_id}", lambda run=run: self._put(run))
        bare = replace(claim, runs=())
        verdicts = self._attack("head of a claim", lambda: MemorySchedules.commit(self, [bare]))
        return verdicts[0] if verdicts else None

    def _put(self, run):
        if run.run_id not in self._database.runs:
            self._database.runs[run.run_id] = stored(run)

    def mark_broken(self, row, now):
        return self._attack("mark broken", lambda: MemorySchedules.mark_broken(self, row, now))


class AdversarialBackfills(MemoryBackfills):
    """BackfillStore under attack."""

    def __init__(self, database, stage):
        super().__init__(database)
        self._attack = Adversary(stage)

    def create(self, backfill, audit):
        what = f"create backfill {backfill.backfill_id}"
        return self._attack(what, lambda: MemoryBackfills.create(self, backfill, audit))

    def get(self, schedule_id, backfill_id):
        return self._attack("get backfill", lambda: MemoryBackfills.get(self, schedule_id, backfill_id))

    def active_of(self, schedule_id):
        return self._attack("backfills of", lambda: MemoryBackfills.active_of(self, schedule_id))

    def active(self, limit):
        return self._attack("active backfills", lambda: MemoryBackfills.active(self, limit))

    def save(self, before, after, audit=None):
        what = f"save backfill {after.backfill_id} v{after.version} {after.state} open {after.open}"
        return self._attack(what, lambda: MemoryBackfills.save(self, before, after, audit))


class AdversarialRunStates(MemoryRunStates):
    """RunStates under attack."""

    def __init__(self, database, stage):
        super().__init__(database)
        self._attack = Adversary(stage)

    def between(self, schedule_id, first, last):
        return self._attack("states between", lambda: MemoryRunStates.between(self, schedule_id, first, last))


class AdversarialSlots(MemorySlots):
    """SlotStore under attack."""

    def __init__(self, database, stage):
        super().__init__(database)
        self._attack = Adversary(stage)

    def read(self, schedule_id):
        return self._attack(f"read slot of {schedule_id}", lambda: MemorySlots.read(self, schedule_id))

    def swap(self, schedule_id, before, after, now):
        what = f"swap slot of {schedule_id}: {after}"
        if self._attack.weakness.lacks("slot"):
            return None
        return self._attack(what, lambda: MemorySlots.swap(self, schedule_id, before, after, now))
