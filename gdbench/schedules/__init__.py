"""Step-size schedules, one file each, found by being there."""
