"""The problems written anew for torch and jax, from their data alone: gradients come from autograd and jax.grad.

Parameters are those of a model (a matrix and a bias per layer), so that clipping and momentum run over several tensors;
laid end to end they are x.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
import torch
from torch import nn

from gdbench.problem import Problem

jax.config.update("jax_platforms", "cpu")
jax.config.update("jax_enable_x64", True)

PROBLEMS = {
    "quadratic": "quadratic[dim=21,rotated=true]",
    "rosenbrock": "rosenbrock[dim=5]",
    "logistic": "logistic[samples=60,features=11]",
    "mlp": "mlp[inputs=3,width=5,samples=50]",
}


class Point(nn.Module):
    """A model whose only parameter is x."""

    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.x = nn.Parameter(torch.zeros(problem.n, dtype=torch.float64))
        self.matrix = torch.tensor(problem.matrix)


class Quadratic(Point):
    def forward(self):
        return 0.5 * self.x @ (self.matrix @ self.x)


class Rosenbrock(Point):
    def forward(self):
        valley = self.x[1:] - self.x[:-1] ** 2
        return (100.0 * valley**2 + (1.0 - self.x[:-1]) ** 2).sum()


class Logistic(nn.Module):
    def __init__(self, problem: Problem) -> None:
        super().__init__()
        self.layer = nn.Linear(problem.n, 1, bias=False, dtype=torch.float64)
        self.rows = torch.tensor(problem.rows)
        self.l2 = float(problem.vector[0])

    def forward(self):
        # nn.Softplus is the identity above 20: off by 2e-9.
        margins = self.layer(self.rows)[:, 0]
        losses = torch.logaddexp(torch.zeros_like(margins), -margins)
        return losses.mean() + 0.5 * self.l2 * (self.layer.weight**2).sum()


class Network(nn.Module):
    def __init__(self, problem: Problem) -> None:
        super().__init__()
        inputs, width, _ = map(int, problem.sizes)
        real = torch.float64
        self.layers = nn.Sequential(nn.Linear(inputs, width, dtype=real), nn.Tanh(), nn.Linear(width, 1, dtype=real))
        self.rows, self.targets = torch.tensor(problem.rows), torch.tensor(problem.vector)

    def forward(self):
        return 0.5 * nn.functional.mse_loss(self.layers(self.rows)[:, 0], self.targets)


TORCH = {"quadratic": Quadratic, "rosenbrock": Rosenbrock, "logistic": Logistic, "mlp": Network}


def jax_quadratic(problem: Problem) -> Callable:
    matrix = jnp.asarray(problem.matrix)
    return lambda x: 0.5 * jnp.vdot(x[0], matrix @ x[0])


def jax_rosenbrock(problem: Problem) -> Callable:
    return lambda x: jnp.sum(100.0 * (x[0][1:] - x[0][:-1] ** 2) ** 2 + (1.0 - x[0][:-1]) ** 2)


def jax_logistic(problem: Problem) -> Callable:
    rows, l2 = jnp.asarray(problem.rows), problem.vector[0]
    return lambda x: jnp.mean(jnp.logaddexp(0.0, -(rows @ x[0]))) + 0.5 * l2 * jnp.vdot(x[0], x[0])


def jax_mlp(problem: Problem) -> Callable:
    rows, targets = jnp.asarray(problem.rows), jnp.asarray(problem.vector)

    def loss(x):
        first, bias, second, last = x
        return 0.5 * jnp.mean((jnp.tanh(rows @ first.T + bias) @ second + last[0] - targets) ** 2)

    return loss


JAX = {"quadratic": jax_quadratic, "rosenbrock": jax_rosenbrock, "logistic": jax_logistic, "mlp": jax_mlp}


def shapes(name: str, problem: Problem) -> list[tuple[int, ...]]:
    """Of the tensors that x is made of, in order."""
    if name != "mlp":
        return [(problem.n,)]
    inputs, width, _ = map(int, problem.sizes)
    return [(width, inputs), (width,), (width,), (1,)]


def split(x: np.ndarray, parts: list[tuple[int, ...]]) -> list[np.ndarray]:
    """x cut into arrays of the shapes given."""
    cuts = np.cumsum([int(np.prod(shape)) for shape in parts])[:-1]
    return [piece.reshape(shape) for piece, shape in zip(np.split(x, cuts), parts, strict=True)]
