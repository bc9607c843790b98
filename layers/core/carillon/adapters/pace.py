"""How long to wait before a call is made again."""

from typing import Final

from carillon.ports.world import Chance, Clock

BASE_SECONDS: Final = 0.05
CAP_SECONDS: Final = 2.0


class Pace:
    """Waits of growing, fully jittered length, so that many who were slowed down do not return together."""

    def __init__(self, clock: Clock, chance: Chance) -> None:
        self._clock = clock
        self._chance = chance

    def wait(self, tries: int) -> None:
        """Waits after the nth try (from 1)."""
        self._clock.sleep(self._chance.share() * min(CAP_SECONDS, BASE_SECONDS * 2**tries))
