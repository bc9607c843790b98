"""The console as people use it."""
