"""The momentum buffer with a switch: 0 is what the project does, every other code one bug."""

from gdbench.kernel import step

NONE, DAMPED_FIRST, NEVER_DAMPED, DAMPS_MOMENTUM, DECAY_UNDAMPED, DECOUPLED, GROWS, OLD_VELOCITY = range(8)
NOT_AHEAD, BETA_TWICE, RECORDS_Y, DECAYS_X = range(1, 5)


@step
def buffer_step(k, alpha, f, state, data, calls):
    """hyper: beta, 1 - dampening, decay, bug."""
    beta, fresh, decay, bug = state.hyper[0], state.hyper[1], state.hyper[2], int(state.hyper[3])
    x = state.x
    g = state.g
    velocity = state.memory[0]
    if bug == DAMPS_MOMENTUM and k > 0:
        beta *= fresh
    if (k == 0 and bug != DAMPED_FIRST) or bug == NEVER_DAMPED:
        fresh = 1.0
    if bug == GROWS:
        decay = -decay
    for i in range(x.shape[0]):
        before = velocity[i]
        decayed = decay * x[i]
        if bug == DECOUPLED:
            velocity[i] = beta * before + fresh * g[i]
            x[i] -= alpha * (velocity[i] + decayed)
        else:
            velocity[i] = beta * before + fresh * (g[i] + decayed)
            if bug == DECAY_UNDAMPED:
                velocity[i] += (1.0 - fresh) * decayed
            x[i] -= alpha * (before if bug == OLD_VELOCITY else velocity[i])
    return alpha, 0, 0


@step
def buffer_ahead_step(k, alpha, f, state, data, calls):
    """hyper: beta, 1, decay, bug."""
    beta, decay, bug = state.hyper[0], state.hyper[2], int(state.hyper[3])
    y = state.x
    g = state.g
    x, velocity = state.memory[0], state.memory[1]
    for i in range(y.shape[0]):
        slope = g[i] + decay * (x[i] if bug == DECAYS_X else y[i])
        velocity[i] = beta * velocity[i] + slope
        x[i] = y[i] - alpha * slope
        if bug == NOT_AHEAD:
            y[i] -= alpha * velocity[i]
        elif bug == BETA_TWICE:
            y[i] -= alpha * (slope + beta * beta * velocity[i])
        else:
            y[i] -= alpha * (slope + beta * velocity[i])
        if bug == RECORDS_Y:
            x[i] = y[i]
    return alpha, 0, 0
