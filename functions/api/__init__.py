"""The HTTP API: one handler, its doors and its routes."""
