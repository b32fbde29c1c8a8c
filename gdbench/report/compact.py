"""Pictures of fewer bytes and elements: relative coordinates, and one element for all points of a curve."""

from __future__ import annotations

import re
from itertools import pairwise

_POINTS = re.compile(r'<use href="#([^"]+)" [^>]* class="([^"]+)"/>(?:<use href="#\1" [^>]* class="\2"/>)+')


def dense(path: str) -> str:
    """A path to a tenth of a point: lines go from point to point, curves keep where they are."""
    path = re.sub(r"-?\d+\.\d+", lambda found: f"{float(found[0]):.1f}".removesuffix(".0"), path)
    path = re.sub(r" ?([MLCQz]) ?", r"\1", path.strip())
    return re.sub(r"([\d.-]+ [\d.-]+)((?:L[\d.-]+ [\d.-]+)+)", _relative, path)


def _relative(found: re.Match[str]) -> str:
    """Steps between points in whole tenths: no rounding adds up."""
    points = [[round(10 * float(value)) for value in point.split()] for point in found[0].split("L")]
    steps = [(after[i] - before[i]) / 10 for before, after in pairwise(points) for i in (0, 1)]
    return f"{found[1]}l{' '.join(map(_tenths, steps))}".replace(" -", "-")


def _tenths(value: float) -> str:
    return re.sub(r"^(-?)0\.", r"\1.", f"{value:.1f}".removesuffix(".0"))


def gathered(svg: str) -> str:
    """Points of one look that follow each other become the corners of an unseen line, which a marker paints."""
    return _POINTS.sub(_marked, svg)


def _marked(found: re.Match[str]) -> str:
    corners = " ".join(f"{x},{y}" for x, y in re.findall(r' x="([^"]+)" y="([^"]+)"', found[0]))
    name = f"{found[1]}-{found.start()}"
    marker = f'<marker id="{name}" markerUnits="userSpaceOnUse" overflow="visible">'
    places = " ".join(f'marker-{where}="url(#{name})"' for where in ("start", "mid", "end"))
    return f'{marker}<use href="#{found[1]}" class="{found[2]}"/></marker><polyline {places} points="{corners}"/>'
