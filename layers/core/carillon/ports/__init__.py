"""What the services need from the world, as Protocols with their contracts: one module per part of it.

Every store method is one access pattern. Errors: `Throttled` and `Unavailable` may come from any of them and
are retryable; what else a method raises stands in its docstring. All moments are aware and UTC.
"""
