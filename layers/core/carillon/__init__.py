"""Carillon's core: the domain, its ports, the services that join them and the adapters that do I/O.

Imports run one way: functions → wiring → services, adapters → ports → domain.
"""
