"""What the extra [parity] brings, and the sentence for where it is missing."""

import importlib.util

PEERS = ("torch", "jax", "optax", "scipy")


def complaint() -> str:
    """Empty where all peers are installed."""
    missing = [name for name in PEERS if importlib.util.find_spec(name) is None]
    needed = "Parity is held against other libraries: pip install -c constraints.txt -e '.[parity]'"
    return f"{needed} (missing: {', '.join(missing)})." if missing else ""
