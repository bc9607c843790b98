"""Thousands of schedules that are due in the same second, while AWS throttles, conflicts and takes only parts."""
