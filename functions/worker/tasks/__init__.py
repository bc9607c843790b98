"""The python tasks of this stack: each module here registers one, and schedules name it as their target."""
