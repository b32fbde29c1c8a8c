"""Matrix products with one order of operations: strict, and as fast as BLAS because they run along contiguous rows."""

from __future__ import annotations

from gdbench.kernel.contract import helper


@helper
def combine_rows(matrix, weights, out):  # type: ignore[no-untyped-def]
    """out = sum_j weights_j matrix[j] for a matrix of shape (m, n), weights (m,), out (n,); four rows at a time.

    With a symmetric matrix this is its product with a vector; with samples along the inner loop, the forward pass.
    """
    m = matrix.shape[0]
    n = matrix.shape[1]
    for i in range(n):
        out[i] = 0.0
    blocks = m // 4 * 4
    for j in range(0, blocks, 4):
        a, b, c, d = weights[j], weights[j + 1], weights[j + 2], weights[j + 3]
        row_a, row_b, row_c, row_d = matrix[j], matrix[j + 1], matrix[j + 2], matrix[j + 3]
        for i in range(n):
            out[i] = (((out[i] + a * row_a[i]) + b * row_b[i]) + c * row_c[i]) + d * row_d[i]
    for j in range(blocks, m):
        a = weights[j]
        row_a = matrix[j]
        for i in range(n):
            out[i] += a * row_a[i]
