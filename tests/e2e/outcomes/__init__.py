"""Every kind of target on the laptop cloud, ending in each way; `python -m tests.e2e.outcomes` prints the table."""
