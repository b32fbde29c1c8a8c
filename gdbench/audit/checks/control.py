"""What is wrong on purpose is red: else nothing that is green says anything."""

from gdbench.audit.check import Check, Seen
from gdbench.audit.controls import CONTROLS


def see() -> Seen:
    unseen = [name for name, red in CONTROLS.items() if not red()]
    seen = f"{len(CONTROLS) - len(unseen)} of {len(CONTROLS)} controls are red, as they must be"
    if unseen:
        return Seen("violated", f"{seen}; not seen: {', '.join(unseen)}", len(CONTROLS), len(CONTROLS))
    return Seen("passed", seen, len(CONTROLS), len(CONTROLS))


CHECK = Check("control", "negative controls: what is wrong on purpose is red", "judge", see)
