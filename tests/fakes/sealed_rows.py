"""Sealed values in a list, in pages of two; `on_page` lets somebody else write in between."""

from dataclasses import replace

from carillon.ports.sealing import SealedPage


class MemorySealedRows:
    """SealedRows in memory."""

    def __init__(self, values=()):
        self.values = list(values)
        self.on_page = lambda: None

    def page(self, start=None):
        begin = 0 if start is None else start["at"]
        page = tuple(self.values[begin : begin + 2])
        self.on_page()
        end = begin + 2
        return SealedPage(page, {"at": end} if end < len(self.values) else None)

    def replace(self, value, sealed):
        if value not in self.values:
            return False
        self.values[self.values.index(value)] = replace(value, sealed=sealed)
        return True
