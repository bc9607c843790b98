"""The composition root: each function's services with their adapters, made once per container.

One module per function, so that each Lambda loads only what it runs.
"""
