"""Batch kernels behind a switch, data.sizes[0]: 0 is what the project does, every other code one bug."""

from gdbench.kernel import batch, dot, exp, log1p

NONE = 0
BY_ALL, SUMMED, LAST_LEFT_OUT, NEXT, ONCE, SIGN, LOSS_ONLY, GRADIENT_ONLY, DIRTY, FIRST_TARGET, HALVED = range(1, 12)
NO_REGULARISER, SHARED_REGULARISER, REGULARISER_IN_LOSS_ONLY, MARGIN = range(12, 16)


@batch
def squares(x, g, chosen, data):  # noqa: C901 - one switch, many bugs
    """Least squares with rows divided by the root of their number."""
    bug = data.sizes[0]
    rows = data.rows
    m = rows.shape[0]
    n = x.shape[0]
    size = chosen.shape[0]
    for j in range(n):
        g[j] = data.scratch[0] - data.scratch[0] if bug == DIRTY else 0.0
    scale = m / size
    if bug == BY_ALL:
        scale = 1.0
    if bug == SUMMED:
        scale = float(m)
    last = size - 1 if bug == LAST_LEFT_OUT and size > 1 else size
    squares = 0.0
    for place in range(last):
        i = chosen[place]
        if bug == NEXT:
            i = (i + 1) % m if size > 1 else i
        again = False
        for before in range(place):
            again = again or chosen[before] == i
        if bug == ONCE and again:
            continue
        row = rows[i]
        residual = dot(row, x) - data.vector[0 if bug == FIRST_TARGET else i]
        squares += residual * residual
        residual *= scale * (-1.0 if bug == SIGN else 1.0)
        if bug == GRADIENT_ONLY:
            residual *= 1.0 + 1e-9
        if bug == HALVED and i == m - 1:
            residual *= 0.5
        for j in range(n):
            g[j] += residual * row[j]
    return 0.5 * scale * squares * (1.0 + 1e-9 if bug == LOSS_ONLY else 1.0)


@batch
def logistic(x, g, chosen, data):
    """Logistic regression, each sample with the whole regulariser."""
    bug = data.sizes[0]
    l2 = 0.0 if bug == NO_REGULARISER else data.vector[0]
    n = x.shape[0]
    size = chosen.shape[0]
    if bug == SHARED_REGULARISER:
        l2 /= data.rows.shape[0]
    for j in range(n):
        g[j] = 0.0 if bug == REGULARISER_IN_LOSS_ONLY else l2 * x[j]
    losses = 0.0
    for i in chosen:
        row = data.rows[i]
        z = dot(row, x)
        e = exp(-abs(z))
        losses += log1p(e) - (z if z < 0.0 else 0.0)
        tail = e if bug == MARGIN else 1.0 if z < 0.0 else e
        for j in range(n):
            g[j] -= tail / ((1.0 + e) * size) * row[j]
    return losses / size + 0.5 * l2 * dot(x, x)
