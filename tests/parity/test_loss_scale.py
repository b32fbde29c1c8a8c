"""The schedule of loss scales is that of torch.amp.GradScaler on the CPU, and so is the path of torch's SGD under it.

Gradients are dictated, step by step; some overflow the format at the scale of the moment. torch is given what we keep
of them, in float64, as GradScaler refuses gradients that are float16 themselves. It multiplies by 1/scale in single
precision, which is exact for normal powers of two; other scales are held against its schedule alone.
"""

import math

import numpy as np
import pytest
import torch

from gdbench import registry
from gdbench.kernel import COLUMNS, FORMATS, box_data, box_pair, box_state, descend, oracle, plain, prepare, rounded
from gdbench.kernel.driver import AHEAD, STATUS
from gdbench.problems.quadratic import diagonal, diagonal_product, diagonal_value

STEPS, N = 400, 3
ALPHA, BETA = 2.0**-6, 0.9
LIMIT = 1e-13


@oracle
def dictated(x, g, data):
    """The next row of data.matrix, wherever it is asked."""
    for i in range(x.shape[0]):
        g[i] = data.matrix[data.draw[0], i]
    data.draw[0] += 1
    return 0.0


def gradients(seed, largest):
    """Shape (STEPS, N): of size 1, but for every tenth or so, which is of any size up to 2^largest."""
    draws = np.random.default_rng(seed)
    found = draws.uniform(-1.0, 1.0, (STEPS, N))
    return found * np.where(draws.random((STEPS, 1)) < 0.1, 2.0 ** (largest * draws.random((STEPS, 1))), 1.0)


def ours(selector, slopes):
    """Scales before each step, and the weights after it: shapes (STEPS,) and (STEPS, N)."""
    problem = diagonal(np.ones(N), np.ones(N), "a test")
    optimizer = registry.optimizer(selector)
    tuning = optimizer.tune(problem)
    x, memory, hyper = problem.start.copy(), np.zeros((optimizer.memory, N)), np.array([*tuning.hyper, 0.0])
    memory[0] = x
    arrays = list(problem.arrays())
    arrays[0] = slopes
    state = box_state(x, np.zeros(N), memory, hyper)
    pair = box_pair(dictated, diagonal_value, diagonal_product, optimizer.schedule.kernel, optimizer.step)
    given = pair, state, memory[0], np.array([*tuning.plan, *optimizer.schedule.parameters]), box_data(*arrays)
    limits, row = np.array([-1.0, -math.inf, math.inf]), np.zeros((1, len(COLUMNS)))
    control = np.zeros(6, dtype=np.int64)
    scales, path = [], []
    for k in range(STEPS):
        scales.append(hyper[6])
        prepare(descend)(*given, np.zeros(N), k, k + 1, STEPS, np.ones((2, N)), AHEAD, 1, limits, control, row)
        assert control[STATUS] == 0
        path.append(memory[0].copy())
    return np.array(scales), np.array(path)


def theirs(name, slopes, scale, interval):
    """The same of torch."""
    keep = plain(rounded)
    weights = torch.nn.Parameter(torch.ones(N, dtype=torch.float64))
    sgd = torch.optim.SGD([weights], lr=ALPHA, momentum=BETA)
    scaler = torch.amp.GradScaler("cpu", init_scale=scale, growth_interval=interval)
    scaler.scale(torch.tensor(1.0))  # makes its scale
    scales, path = [], []
    for slope in slopes:
        scales.append(scaler.get_scale())
        scaled = [keep(float(one) * scaler.get_scale(), *FORMATS[name].numbers) for one in slope]
        weights.grad = torch.tensor(scaled, dtype=torch.float64)
        scaler.step(sgd)
        scaler.update()
        path.append(weights.detach().numpy().copy())
    return np.array(scales), np.array(path)


CASES = {
    "torch's own numbers": ("float16", 65536.0, 2000, 3.0),
    "growing often": ("float16", 65536.0, 5, 6.0),
    "growing after every step": ("float16", 1.0, 1, 6.0),
    "up to the end of single precision": ("bfloat16", 2.0**120, 1, 0.0),
    "bfloat16": ("bfloat16", 2.0**100, 3, 40.0),
    "no power of two": ("float16", 1000.1, 4, 6.0),
}


@pytest.mark.parametrize(("name", "scale", "interval", "largest"), CASES.values(), ids=CASES)
def test_the_scales_are_those_of_grad_scaler(name, scale, interval, largest):
    slopes = gradients(0, largest)
    tuning = f"format={name},scale={scale!r},interval={interval},alpha={ALPHA!r},beta={BETA}"
    scales, path = ours(f"mixed_precision[{tuning}]", slopes)
    their_scales, their_path = theirs(name, slopes, scale, interval)
    np.testing.assert_array_equal(scales, their_scales)
    if math.frexp(scale)[0] == 0.5:
        # As in test_steps.py, relative to the largest weight.
        np.testing.assert_allclose(path, their_path, rtol=0, atol=LIMIT * np.abs(path).max())
    assert len(set(scales)) > 2


def test_scales_that_are_subnormal_are_rounded_as_theirs():
    slopes, scale = gradients(0, 0.0), 1.1 * 2.0**-120
    slopes[::16] = 1e150  # overflows at every scale, and its square does not
    scales, _ = ours(f"mixed_precision[format=bfloat16,scale={scale!r}]", slopes)
    np.testing.assert_array_equal(scales, theirs("bfloat16", slopes, scale, 2000)[0])
    assert scales[-1] == float(np.float32(1.1 * 2.0**-145)) != scales[0] * 2.0**-25


@pytest.mark.parametrize(("scale", "interval"), [(65536.0, 6), (65536.0, 4), (32768.0, 5)])
def test_another_schedule_is_red(scale, interval):
    slopes = gradients(0, 6.0)
    scales, _ = ours(f"mixed_precision[interval=5,alpha={ALPHA!r}]", slopes)
    assert not np.array_equal(scales, theirs("float16", slopes, scale, interval)[0])
