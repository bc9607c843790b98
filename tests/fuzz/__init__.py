"""Coverage-guided fuzzing, run by hand: `make fuzz RUNS=10000000`."""
