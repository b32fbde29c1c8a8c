"""A problem's constants, gradient, minimum and spectrum are what it says they are."""

from gdbench.audit.certificates import ALL, figures
from gdbench.audit.check import Check, Seen
from gdbench.problem import Problem


def see(problem: Problem) -> Seen:
    complaints = [complaint for certificate in ALL for complaint in certificate(problem)]
    if complaints:
        more = f" (and {len(complaints) - 1} more)" if len(complaints) > 1 else ""
        return Seen("violated", complaints[0] + more, len(ALL), len(ALL))
    return Seen("passed", "; ".join([f"{len(ALL)} certificates stand", *figures(problem)]), len(ALL), len(ALL))


CHECK = Check("certificate", "the problem's constants, gradient, minimum and spectrum", "problem", see)
