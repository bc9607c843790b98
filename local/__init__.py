"""The laptop cloud: the whole stack on one machine, provisioned from template.yaml itself.

Never shipped. `python -m local up|demo|invoke|chaos` says what it can do; docs/laptop.md says
what in it is real, what is emulated and what differs from AWS.
"""
