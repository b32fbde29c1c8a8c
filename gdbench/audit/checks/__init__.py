"""One check a file; `gdbench.audit.battery.ORDER` says in which order they are made."""
