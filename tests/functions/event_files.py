"""The event files, read as Lambda would hand them over."""

import json
from pathlib import Path

EVENTS = Path(__file__).parents[2] / "events"


def event(name):
    """The event in events/<name>.json."""
    return json.loads((EVENTS / f"{name}.json").read_text())


def names():
    """The names of all event files."""
    return sorted(path.stem for path in EVENTS.glob("*.json"))
