"""Steps by a rule or a search, with a switch: 0 is what the project does, every other code one bug."""

from gdbench.kernel import dot, step
from gdbench.optimizers._wolfe import wolfe
from gdbench.optimizers.backtracking import armijo
from gdbench.optimizers.exact_line_search import minimise_along

NONE = 0
LONGER, LEAST_GRADIENT, LAGGED, HALVED_RECORD, UNCOUNTED, COARSE = range(1, 7)
OTHER_C2, OTHER_C1, WEAK, MISCOUNT, FIRST_TRIAL, STILL, STRETCHED = range(1, 8)
NO_F_STAR, DOUBLED, ROOTED, SHORTENED, ROOMLESS = range(1, 6)
NO_DIFFERENCE, OTHER_VARIANT, FROZEN, SIGNED, HALVED, SQUARED = range(1, 7)
FORGOTTEN, OTHER_FACTOR, OTHER_TEST, MISCOUNTED, SPURIOUS, UNTESTED = range(1, 7)


@step
def exact_step(k, alpha, f, state, data, calls):
    """Exact line search on convex problems; hyper: bug, amount, whether quadratic, alpha before."""
    bug, amount, quadratic = int(state.hyper[0]), state.hyper[1], state.hyper[2] > 0.0
    product = calls.product
    x = state.x
    g = state.g
    trial, curved = state.memory[0], state.memory[1]
    square = dot(g, g)
    if square < 1e-300:
        return 0.0, 0, 0
    product(x, g, curved, data)
    curvature = dot(g, curved)
    used = square / curvature if curvature > 0.0 else 1.0
    trials = 0
    if not quadratic and bug != COARSE:
        used, trials = minimise_along(used, f, square, 1e300, x, g, trial, curved, data, calls)
    if bug == LEAST_GRADIENT:
        used = curvature / dot(curved, curved)
    if bug == LONGER:
        used *= amount
    if bug == LAGGED:
        exact = used
        used = state.hyper[3] if k > 0 else exact
        state.hyper[3] = exact
    for i in range(x.shape[0]):
        x[i] -= used * g[i]
    return used * (0.5 if bug == HALVED_RECORD else 1.0), 0, 0 if bug == UNCOUNTED else 1 + trials


@step
def wolfe_step(k, alpha, f, state, data, calls):
    """Wolfe's conditions; hyper: c1, c2, strong, rounding of f, bug, amount."""
    c1, c2, strong = state.hyper[0], state.hyper[1], state.hyper[2] > 0.0
    bug, amount = int(state.hyper[4]), state.hyper[5]
    x = state.x
    g = state.g
    direction, trial, gradient = state.memory[0], state.memory[1], state.memory[2]
    start = -dot(g, g)
    if -start < 1e-300:
        return alpha if start == 0.0 else 0.0, 0, 0
    for i in range(x.shape[0]):
        direction[i] = -g[i]
    c1 = amount if bug == OTHER_C1 else c1
    c2 = amount if bug == OTHER_C2 else c2
    strong = strong and bug != WEAK
    used, _, trials = wolfe(alpha, f, start, x, direction, trial, gradient, c1, c2, strong, data, calls)
    if not used > 0.0:
        return 0.0, 0 if used * start <= state.hyper[3] * abs(f) else -1, trials
    if bug == FIRST_TRIAL:
        used = alpha
    if bug == STRETCHED:
        used *= amount
    for i in range(x.shape[0]):
        if bug != STILL:
            x[i] += used * direction[i]
    return used, 0, trials - 1 if bug == MISCOUNT else trials


@step
def polyak_step(k, alpha, f, state, data, calls):
    """Polyak's step; hyper: f*, rounding of f, bug, amount."""
    f_star, room, bug, amount = state.hyper[0], state.hyper[1], int(state.hyper[2]), state.hyper[3]
    x = state.x
    g = state.g
    square = dot(g, g)
    gap = f if bug == NO_F_STAR else f - f_star
    if (not gap > room and bug != ROOMLESS) or square < 1e-300:
        return 0.0, 0, 0
    used = gap / square
    if bug == DOUBLED:
        used *= amount
    if bug == ROOTED:
        used *= square**0.5
    for i in range(x.shape[0]):
        x[i] -= (amount * used if bug == SHORTENED else used) * g[i]
    return used, 0, 0


@step
def two_point_step(k, alpha, f, state, data, calls):
    """Barzilai and Borwein; hyper: short, bug."""
    short, bug = state.hyper[0] > 0.0, int(state.hyper[1])
    x = state.x
    g = state.g
    s, y = state.memory[0], state.memory[1]
    n = x.shape[0]
    for i in range(n):
        s[i] = x[i] - s[i]
        y[i] = g[i] if bug == NO_DIFFERENCE else g[i] - y[i]
        if bug == SIGNED and i == 0:
            y[i] = -y[i]
    ss, sy, yy = dot(s, s), dot(s, y), dot(y, y)
    used = alpha
    if k > 0 and sy > 1e-300 and ss > 1e-300 and yy > 1e-300:
        used = sy / yy if short != (bug == OTHER_VARIANT) else ss / sy
        if bug == HALVED:
            used *= 0.5
        if bug == SQUARED:
            used = ss / yy
    for i in range(n):
        if bug != FROZEN or k == 0:
            s[i] = x[i]
            y[i] = g[i]
        else:
            s[i] = x[i] - s[i]
            y[i] = g[i] - y[i]
        x[i] -= used * g[i]
    return used, 0, 0


@step
def estimate_step(k, alpha, f, state, data, calls):
    """An estimate of L; hyper: share, factor, growth, rounding of f, bug, amount."""
    share, factor, growth = state.hyper[0], state.hyper[1], state.hyper[2]
    bug, amount = int(state.hyper[4]), state.hyper[5]
    x = state.x
    g = state.g
    direction, trial = state.memory[0], state.memory[1]
    first = alpha * share
    slope = -dot(g, g)
    if -slope < 1e-300:
        return first if slope == 0.0 else 0.0, 0, 0
    if k > 0:
        first = first * growth
    for i in range(x.shape[0]):
        direction[i] = -g[i]
    c = amount if bug == OTHER_TEST else 0.5
    factor = amount if bug == OTHER_FACTOR else factor
    used, trials = armijo(first, f, slope, x, direction, trial, factor, c, data, calls)
    seen = 0.5 * first * -slope > state.hyper[3] * abs(f)
    if trials == -2 and not seen:
        return 0.0, 60, 0
    used = used * factor if bug == SPURIOUS else used
    if trials > 0:
        if seen and bug != FORGOTTEN:
            state.hyper[0] = used / alpha
        for i in range(x.shape[0]):
            x[i] += (first if bug == UNTESTED else used) * direction[i]
    if bug == UNTESTED:
        used = first
    return used, trials - 1 if bug == MISCOUNTED else trials, 0
