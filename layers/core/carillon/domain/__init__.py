"""Pure rules and frozen values: no I/O, no clock, no randomness; what they need is an argument."""
