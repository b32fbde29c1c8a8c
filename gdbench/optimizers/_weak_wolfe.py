"""A line search for weak Wolfe steps by doubling and bisection (Burke, Lewis and Overton 2005; Lewis and Overton 2013).

A step t is too long where f(x + t d) > f + c1 t g'd, too short where g(x + t d)'d < c2 g'd, and is accepted otherwise.
"""

from gdbench.kernel import dot, helper

MOST_TRIALS = 60
#: What a search that found no step answers in place of its trials, by cause.
NO_DESCENT, NO_STEP = 1, 2
FAILURES = (
    "the direction does not descend: its slope is not negative",
    f"no step passed Armijo's test after {MOST_TRIALS} trials",
)
ROUNDING = 4.0 * 2.0**-52


@helper
def weak_wolfe(t, f, slope, x, direction, trial, gradient, c1, c2, data, calls):  # type: ignore[no-untyped-def]
    """A step from t on, and the oracle calls it took; trial and gradient are left at x + t direction.

    The first test has room for the rounding of f. Where rounding leaves no step that passes both, the longest trial
    that passed the first is taken. Calls are -NO_DESCENT or -NO_STEP where there is no step.
    """
    oracle = calls.oracle
    if not slope < 0.0:
        return 0.0, -NO_DESCENT
    room = ROUNDING * abs(f)
    short = 0.0
    long = 0.0
    for trials in range(1, MOST_TRIALS + 1):
        for i in range(x.shape[0]):
            trial[i] = x[i] + t * direction[i]
        found = oracle(trial, gradient, data)
        if not found <= f + c1 * t * slope + room:
            long = t
        elif not dot(gradient, direction) >= c2 * slope:
            short = t
        else:
            return t, trials
        t = 0.5 * (short + long) if long > 0.0 else 2.0 * short
    if not short > 0.0:
        return 0.0, -NO_STEP
    for i in range(x.shape[0]):
        trial[i] = x[i] + short * direction[i]
    oracle(trial, gradient, data)
    return short, MOST_TRIALS + 1
