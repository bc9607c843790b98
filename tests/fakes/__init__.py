"""Stand-ins for the ports: in-memory stores of the same semantics, a settable clock, recorders."""
