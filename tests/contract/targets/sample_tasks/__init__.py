"""Tasks that behave and misbehave, for the python target's tests."""
