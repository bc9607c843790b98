"""Which time zone data is used: the pinned tzdata package, never the machine's own.

Wiring and the tests' conftest import this module once, so that laptop and cloud agree on every transition.
"""

import zoneinfo


def prefer_pinned_zones() -> None:
    """Read time zones from the tzdata package only, and forget those already read."""
    zoneinfo.reset_tzpath(())
    zoneinfo.ZoneInfo.clear_cache()


prefer_pinned_zones()
