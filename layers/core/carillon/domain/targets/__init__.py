"""The pure half of each target: what a valid specification is, and how an answer is read."""
