"""Newton's method with exact second derivatives: what `create_graph=True` is for.

    python examples/newton.py

A gradient computed with `create_graph=True` is a Variable like any other, so it can be differentiated again.
Needs nothing besides NumPy.
"""

from __future__ import annotations

import sys

import numpy as np

import tinypytorch as tp


def curve(x: tp.Variable) -> tp.Variable:
    """Two valleys, at x = -1 and x = 1, with a hill between them at 0."""
    return x**4 - 2 * x**2


def rosenbrock(p: tp.Variable) -> tp.Variable:
    """Rosenbrock's banana: a narrow bent valley, with its lowest point at (1, 1)."""
    x, y = p
    return (1 - x) ** 2 + 100 * (y - x**2) ** 2


def descend_curve(start: float, steps: int) -> list[float]:
    """Newton's method in one dimension, x - f'(x) / f''(x). Prints a table; gives x before each step and at the end."""
    print(f"{'step':>4} {'x':>18} {'f(x)':>14} {'f′(x)':>12} {'f″(x)':>12}")
    x = tp.Variable(np.array(start))
    path = [start]
    for step in range(steps + 1):
        y = curve(x)
        (slope,) = tp.gradients(y, x, create_graph=True)
        (bend,) = tp.gradients(slope, x)
        print(f"{step:4} {x.item():18.15f} {y.item():14.10f} {slope.item():12.4e} {bend.item():12.6f}")
        if abs(slope.item()) < 1e-12:
            break
        x.data -= slope.data / bend.data
        path.append(x.item())
    return path


def gradient_and_hessian(y: tp.Variable, p: tp.Variable) -> tuple[tp.Array, tp.Array]:
    """The first derivatives of y with respect to a vector p, and the matrix of second ones: row i is d(dy/dp[i])/dp."""
    (gradient,) = tp.gradients(y, p, create_graph=True)
    rows = [tp.gradients(entry, p)[0].data for entry in gradient]
    return gradient.data, np.stack(rows)


def descend_rosenbrock(start: tuple[float, float], steps: int) -> list[tuple[float, float]]:
    """Newton's method in two dimensions, p - H⁻¹ g. Prints a table; gives p before each step and at the end."""
    print(f"{'step':>4} {'x':>18} {'y':>18} {'f(x, y)':>12} {'|gradient|':>12}")
    p = tp.Variable(np.array(start))
    path = [start]
    for step in range(steps + 1):
        f = rosenbrock(p)
        gradient, hessian = gradient_and_hessian(f, p)
        x, y = p.data.tolist()
        length = float(np.linalg.norm(gradient))
        print(f"{step:4} {x:18.15f} {y:18.15f} {f.item():12.4e} {length:12.4e}")
        if length < 1e-12:
            break
        p.data -= np.linalg.solve(hessian, gradient)
        path.append((p[0].item(), p[1].item()))
    return path


def main() -> int:
    """Find both minima. Exit code 0 if the method arrived, 1 if not."""
    print("Minimum of x⁴ - 2 x² from x = 2\n")
    x = descend_curve(2.0, steps=10)[-1]
    print("\nMinimum of Rosenbrock's function, (1 - x)² + 100 (y - x²)², from (-1.2, 1)\n")
    p = descend_rosenbrock((-1.2, 1.0), steps=10)[-1]
    if not np.allclose([x, *p], 1.0, rtol=0.0, atol=1e-9):
        print(f"\nNewton's method did not arrive at 1 and (1, 1), but at {x} and {p}", file=sys.stderr)
        return 1
    return 0


if __name__ == "__main__":
    sys.exit(main())
