"""A problem's constants, gradient, minimum and spectrum are what it says they are."""

from gdbench.audit.certificates import ALL, figures, metadata
from gdbench.audit.check import Check, Seen
from gdbench.problem import Problem


def see(problem: Problem) -> Seen:
    complaints = metadata(problem)
    if complaints:  # what the others start from is missing or no number
        return Seen("violated", f"{'; '.join(complaints)}; the other certificates were not tried", len(ALL), 1)
    complaints = [complaint for certificate in ALL for complaint in certificate(problem)]
    if complaints:
        more = f" (and {len(complaints) - 1} more)" if len(complaints) > 1 else ""
        return Seen("violated", complaints[0] + more, len(ALL), len(ALL))
    return Seen("passed", "; ".join([f"{len(ALL)} certificates stand", *figures(problem)]), len(ALL), len(ALL))


CHECK = Check("certificate", "the problem's constants, gradient, minimum and spectrum", "problem", see)
