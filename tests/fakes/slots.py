"""Overlap slots in memory."""

from carillon.domain.overlap import EMPTY


class MemorySlots:
    """SlotStore in memory."""

    def __init__(self, database):
        self._database = database

    def read(self, schedule_id):
        with self._database.operation("slot_read"):
            return self._database.slots.get(schedule_id, EMPTY)

    def swap(self, schedule_id, before, after, now):
        with self._database.operation("slot_swap"):
            found = self._database.slots.get(schedule_id, EMPTY)
            if found != before:
                return found
            self._database.slots[schedule_id] = after
            return None
