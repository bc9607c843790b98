"""Facts and second factors in memory, and a sealer whose envelopes open only for their context."""

import json

from carillon.domain.errors import LostRace, SealError
from tests.fakes.database import stored


class MemoryFacts:
    """Facts in memory."""

    def __init__(self, database):
        self._database = database
        self.rows = {}

    def read(self, key, now):
        with self._database.operation("read_fact"):
            return self._live(key, now)

    def read_many(self, keys, now):
        with self._database.operation("read_facts"):
            found = {key: self._live(key, now) for key in keys}
            return {key: fact for key, fact in found.items() if fact is not None}

    def swap(self, key, before, after, now):
        with self._database.operation("swap_fact"):
            found = self.rows.get(key)
            is_mine = found is not None and found.stamp == after.stamp
            if before is None:
                is_free = found is None or found.until <= now
            else:
                is_free = found is not None and found.stamp == before.stamp
            if is_free or is_mine:
                self.rows[key] = stored(after)
            return is_free or is_mine

    def _live(self, key, now):
        found = self.rows.get(key)
        return found if found is not None and found.until > now else None


class MemoryFactors:
    """FactorStore in memory."""

    def __init__(self, database):
        self._database = database
        self.rows = {}

    def factor(self, name):
        with self._database.operation("factor"):
            return self.rows.get(name)

    def save_factor(self, factor, audit, *, replaces):
        with self._database.operation("save_factor"):
            if audit.entry_id in self._database.audit:
                return
            found = self.rows.get(factor.name)
            if (found.version if found else None) != replaces:
                raise LostRace(f"The second factor of {factor.name} was changed meanwhile.")
            self.rows[factor.name] = stored(factor)
            self._database.audit[audit.entry_id] = audit


class LabelledSealer:
    """Sealer and Opener that write the context in front of the text: nothing is secret, but nothing opens elsewhere."""

    def seal(self, plaintext, context):
        return json.dumps(context, sort_keys=True).encode() + b"\n" + plaintext

    def open(self, sealed, context):
        label, _, text = sealed.partition(b"\n")
        if label != json.dumps(context, sort_keys=True).encode():
            raise SealError("It was sealed for something else.")
        return text
