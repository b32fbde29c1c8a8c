"""Ours and theirs, a step at a time: each holds x, can be put at any state, and moves by a gradient of its own.

torch and optax may also be handed the gradient (and value) that our oracle gave, which leaves the update rule alone.
"""

import math
from collections.abc import Callable, Mapping
from itertools import pairwise
from typing import Any, ClassVar

import jax
import jax.numpy as jnp
import numpy as np
import optax
import torch
from models import JAX, PROBLEMS, TORCH, shapes, split
from torch.nn.utils import parameters_to_vector, vector_to_parameters

from gdbench import registry
from gdbench.kernel import COLUMNS, box_data, box_pair, box_state, descend, prepare
from gdbench.kernel.driver import AHEAD
from gdbench.optimizer import Optimizer
from gdbench.stage import arrays_of, kernels_of, look_of


class Ours:
    """A run of the driver, one row and one step per call: x is the query point, memory what the method keeps."""

    def __init__(self, name: str, optimizer: Optimizer) -> None:
        problem = registry.problem(PROBLEMS[name])
        tuning = optimizer.tune(problem)
        arrays = arrays_of(problem, optimizer, tuning)
        self.x, self.g, self.memory = arrays[:3]
        self.look = look_of(optimizer)
        pair, state = box_pair(*kernels_of(problem, optimizer)), box_state(*arrays)
        judged = self.memory[0] if optimizer.ahead else self.x
        plan = np.array([*tuning.plan, *optimizer.schedule.parameters])
        self.given = (pair, state, judged, plan, box_data(*problem.arrays()), np.zeros(problem.n))
        self.trace = np.tile(self.x, (2, 1))
        self.row = np.zeros((1, len(COLUMNS)))
        self.k = 0

    def step(self) -> None:
        """One iteration; afterwards g and f are those at the point that it started from."""
        limits = np.array([-1.0, -math.inf, math.inf])
        control = np.zeros(6, dtype=np.int64)
        drive = prepare(descend)
        drive(*self.given, self.k, self.k + 1, 10**9, self.trace, self.look, 1, limits, control, self.row)
        assert control[1] == 0
        self.k += 1

    def move(self, by: np.ndarray) -> None:
        """Move x, and at the start the iterate too where that is another array."""
        self.x += by
        if self.look & AHEAD and self.k == 0:
            self.memory[0] = self.x

    @property
    def f(self) -> float:
        return float(self.row[0, COLUMNS.index("f_query")])

    @property
    def alpha(self) -> float:
        return float(self.row[0, COLUMNS.index("alpha")])


class Torch:
    """An optimizer of torch.optim; clip(parameters) runs between backward and step; schedule(optimizer) makes a
    scheduler.
    """

    NAMES: ClassVar = {"velocity": "momentum_buffer"}

    def __init__(
        self,
        name: str,
        rule: type[torch.optim.Optimizer] = torch.optim.SGD,
        *,
        clip: Callable | None = None,
        schedule: Callable | None = None,
        **given: Any,
    ) -> None:
        problem = registry.problem(PROBLEMS[name])
        self.model = TORCH[name](problem)
        self.parameters = list(self.model.parameters())
        vector_to_parameters(torch.tensor(problem.start), self.parameters)
        self.optimizer = rule(self.parameters, **given)
        self.schedule = schedule(self.optimizer) if schedule else None
        self.clip = clip

    @property
    def x(self) -> np.ndarray:
        return parameters_to_vector(self.parameters).detach().numpy().copy()

    def row(self, name: str) -> np.ndarray:
        """What it keeps under a name, laid end to end."""
        key = self.NAMES.get(name, name)
        return torch.cat([self.optimizer.state[p][key].ravel() for p in self.parameters]).numpy().copy()

    def put(self, x: np.ndarray, rows: Mapping[str, np.ndarray]) -> None:
        """Move to x, with these rows kept under their names; steps are counted on."""
        vector_to_parameters(torch.tensor(x), self.parameters)
        for name, row in rows.items():
            for p, piece in zip(self.parameters, self._pieces(row), strict=True):
                self.optimizer.state[p][self.NAMES.get(name, name)] = piece

    def step(self, g: np.ndarray | None = None, f: float | None = None) -> None:
        self.optimizer.zero_grad()
        if g is None:
            self.model().backward()
        else:
            for p, piece in zip(self.parameters, self._pieces(g), strict=True):
                p.grad = piece
        if self.clip is not None:
            self.clip(self.parameters)
        self.optimizer.step()
        if self.schedule is not None:
            self.schedule.step()

    def _pieces(self, vector: np.ndarray) -> list[torch.Tensor]:
        return [torch.tensor(piece) for piece in split(vector, [tuple(p.shape) for p in self.parameters])]


class Optax:
    """A gradient transformation of optax over jax.grad; f is multiplied by scale before it sees f."""

    NAMES: ClassVar = {"velocity": "trace"}

    def __init__(self, name: str, rule: optax.GradientTransformation, scale: float = 1.0) -> None:
        problem = registry.problem(PROBLEMS[name])
        self.parts = shapes(name, problem)
        cuts = np.cumsum([0, *(math.prod(shape) for shape in self.parts)]).tolist()
        rule = optax.with_extra_args_support(rule)

        def pieces(vector):
            return [vector[i:j].reshape(shape) for (i, j), shape in zip(pairwise(cuts), self.parts, strict=True)]

        self.parameters = pieces(jnp.array(problem.start))
        self.state = rule.init(self.parameters)
        look = jax.value_and_grad(JAX[name](problem))

        def move(parameters, state, g, f):
            g = jax.tree.map(lambda piece: scale * piece, g)
            updates, state = rule.update(g, state, parameters, value=scale * f)
            return optax.apply_updates(parameters, updates), state

        def look_and_move(parameters, state):
            f, g = look(parameters)
            return move(parameters, state, g, f)

        def place(state, x, rows):
            for key, row in rows.items():
                state = optax.tree_utils.tree_set(state, **{self.NAMES.get(key, key): pieces(row)})
            return pieces(x), state

        # Vectors are cut inside: one call a step, and not one more for every piece.
        self.place, self.look_and_move = jax.jit(place), jax.jit(look_and_move)
        self.move = jax.jit(lambda parameters, state, g, f: move(parameters, state, pieces(g), f))

    @property
    def x(self) -> np.ndarray:
        return self._vector(self.parameters)

    def row(self, name: str) -> np.ndarray:
        """What it keeps under a name, laid end to end."""
        return self._vector(optax.tree_utils.tree_get(self.state, self.NAMES.get(name, name)))

    def put(self, x: np.ndarray, rows: Mapping[str, np.ndarray]) -> None:
        """Move to x, with these rows kept under their names; steps are counted on."""
        self.parameters, self.state = self.place(self.state, x, rows)

    def step(self, g: np.ndarray | None = None, f: float | None = None) -> None:
        if g is None:
            self.parameters, self.state = self.look_and_move(self.parameters, self.state)
        else:
            self.parameters, self.state = self.move(self.parameters, self.state, g, f)

    def _vector(self, pieces: list[jax.Array]) -> np.ndarray:
        return np.concatenate([np.asarray(piece).ravel() for piece in pieces])
