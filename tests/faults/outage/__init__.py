"""Three days without a tick over schedules of every pace and policy, and what the first ticks afterwards do."""
