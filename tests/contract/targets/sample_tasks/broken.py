"""A module of tasks that cannot be imported."""

raise ImportError("no such library")
