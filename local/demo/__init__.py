"""The tour: a table of scenes is played on the laptop cloud, watched live, and checked at the end."""

from local.demo.tour import demo

__all__ = ["demo"]
