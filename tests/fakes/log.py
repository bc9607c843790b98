"""A log that remembers its lines."""


class RecordedLog:
    """Log that records (action, message, fields)."""

    def __init__(self):
        self.lines = []

    def __call__(self, action, message, **fields):
        self.lines.append((action, message, fields))

    @property
    def actions(self):
        return [action for action, _, _ in self.lines]
