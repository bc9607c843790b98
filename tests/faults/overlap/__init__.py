"""Overlap under every interleaving of a short protocol."""
