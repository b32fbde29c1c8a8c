"""A step that satisfies Wolfe's conditions, for any descent direction (Nocedal and Wright 2006, algorithms 3.5, 3.6).

phi(a) = f(x + a d): sufficient decrease phi(a) <= phi(0) + c1 a phi'(0), and either the weak curvature condition
phi'(a) >= c2 phi'(0) or the strong one |phi'(a)| <= c2 |phi'(0)|. Comparisons of values have room for the rounding of
f, so that near a minimum, where values no longer differ, slopes alone decide (as in Hager and Zhang 2005). A value
that is not a number counts as too high.
"""

import math

from gdbench.kernel import dot, helper

MOST_TRIALS = 60
ROUNDING = 4.0 * 2.0**-52
#: Zoom keeps a trial of cubic, of quadratic interpolation this share of the bracket away from its ends.
CUBIC_MARGIN, QUADRATIC_MARGIN = 0.2, 0.1


@helper
def probe(alpha, x, direction, trial, gradient, data, calls):  # type: ignore[no-untyped-def]
    """phi and phi' at alpha; trial becomes x + alpha direction and gradient that of f there."""
    oracle = calls.oracle
    for i in range(x.shape[0]):
        trial[i] = x[i] + alpha * direction[i]
    value = oracle(trial, gradient, data)
    return value, dot(gradient, direction)


@helper
def curved_enough(slope, start, c2, strong):  # type: ignore[no-untyped-def]
    """The curvature condition, for the slope at a trial and at 0."""
    return abs(slope) <= -c2 * start if strong else slope >= c2 * start


@helper
def cubic_minimum(a, fa, slope, b, fb, c, fc):  # type: ignore[no-untyped-def]
    """The minimiser of the cubic through (a, fa) with that slope, (b, fb) and (c, fc); NaN where there is none."""
    db = b - a
    dc = c - a
    scale = (db * dc) * (db * dc) * (db - dc)
    if scale == 0.0:
        return math.nan
    rb = fb - fa - slope * db
    rc = fc - fa - slope * dc
    third = (dc * dc * rb - db * db * rc) / scale
    second = (db * db * db * rc - dc * dc * dc * rb) / scale
    radical = second * second - 3.0 * third * slope
    if not radical >= 0.0 or (third == 0.0 and not second > 0.0):
        return math.nan
    root = math.sqrt(radical)
    # Of two forms of one root the one in which nothing cancels: on a quadratic the third is made of rounding.
    return a - slope / (second + root) if second > 0.0 else a + (root - second) / (3.0 * third)


@helper
def quadratic_minimum(a, fa, slope, b, fb):  # type: ignore[no-untyped-def]
    """The stationary point of the parabola through (a, fa) with that slope and (b, fb); NaN where there is none."""
    db = b - a
    bend = (fb - fa - slope * db) / (db * db) if db * db > 0.0 else 0.0
    return a - slope / (2.0 * bend) if bend != 0.0 else math.nan


@helper
def interpolate(low, f_low, slope_low, high, f_high, old, f_old, first):  # type: ignore[no-untyped-def]
    """The next trial between low and high; old is the end that the bracket had before."""
    size = abs(high - low)
    least, most = min(low, high), max(low, high)
    trial = math.nan
    if not first:
        trial = cubic_minimum(low, f_low, slope_low, high, f_high, old, f_old)
    margin = CUBIC_MARGIN * size
    if not least + margin <= trial <= most - margin:
        trial = quadratic_minimum(low, f_low, slope_low, high, f_high)
        margin = QUADRATIC_MARGIN * size
    if not least + margin <= trial <= most - margin:
        trial = low + 0.5 * (high - low)
    return trial


@helper
def wolfe(alpha, f, start, x, direction, trial, gradient, c1, c2, strong, data, calls):  # type: ignore[no-untyped-def]
    """(alpha, f at x + alpha direction, oracle calls) from a first trial alpha > 0; alpha <= 0 where none was found,
    and then minus the longest of the last trials.

    f and start = g . direction < 0 belong to x. direction, trial and gradient have shape (n,); the last two are left
    at x + alpha direction and at the gradient there. strong chooses the curvature condition; 0 < c1 < c2 < 1.
    """
    room = ROUNDING * abs(f)
    last, f_last, slope_last = 0.0, f, start
    if not (start < 0.0 and alpha > 0.0):
        return 0.0, f, 0
    for trials in range(1, MOST_TRIALS + 1):
        value, slope = probe(alpha, x, direction, trial, gradient, data, calls)
        too_high = not value <= f + c1 * alpha * start + room
        if too_high or (trials > 1 and value >= f_last + room):
            ends = (last, f_last, slope_last, alpha, value)
            return zoom(ends, trials, f, start, x, direction, trial, gradient, c1, c2, strong, data, calls)
        if curved_enough(slope, start, c2, strong):
            return alpha, value, trials
        if slope >= 0.0:
            ends = (alpha, value, slope, last, f_last)
            return zoom(ends, trials, f, start, x, direction, trial, gradient, c1, c2, strong, data, calls)
        last, f_last, slope_last = alpha, value, slope
        alpha = 2.0 * alpha
    return -last, f, MOST_TRIALS


@helper
def zoom(ends, trials, f, start, x, direction, trial, gradient, c1, c2, strong, data, calls):  # type: ignore[no-untyped-def]
    """As `wolfe`, within a bracket: its better end with value and slope there, the other end with its value."""
    low, f_low, slope_low, high, f_high = ends
    old, f_old = 0.0, f
    room = ROUNDING * abs(f)
    first = True
    while trials < MOST_TRIALS:
        alpha = interpolate(low, f_low, slope_low, high, f_high, old, f_old, first)
        if not min(low, high) < alpha < max(low, high):
            break
        first = False
        trials += 1
        value, slope = probe(alpha, x, direction, trial, gradient, data, calls)
        if not value <= f + c1 * alpha * start + room or value >= f_low + room:
            old, f_old, high, f_high = high, f_high, alpha, value
            continue
        if curved_enough(slope, start, c2, strong):
            return alpha, value, trials
        if slope * (high - low) >= 0.0:
            old, f_old, high, f_high = high, f_high, low, f_low
        else:
            old, f_old = low, f_low
        low, f_low, slope_low = alpha, value, slope
    return -low if low > high else -high, f, trials
