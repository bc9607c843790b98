"""The worker: takes due runs from the dispatch queue and executes them."""
