"""What airspeed velocity tracks from commit to commit. Nothing here imports gdbench before a benchmark runs."""
