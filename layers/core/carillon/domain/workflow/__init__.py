"""Workflows: their shape, what may start next, what goes in and out of steps, and what is undone."""
