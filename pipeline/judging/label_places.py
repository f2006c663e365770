"""Find places for the names of points in a figure, where they cover neither each other nor what is drawn."""

import math
from collections.abc import Sequence
from dataclasses import dataclass

GAPS = (5.0, 11.0, 20.0, 32.0, 48.0, 70.0, 100.0)  # between a point and its name, in the unit of the boxes
DIRECTIONS = 24
SWEEPS = 6  # a name placed early may find a better place once the others stand
CROSSED = 0.3  # what a line from point to name costs for each name or drawn thing that it crosses
OUTSIDE = 40.0  # what lying wholly outside the frame costs; covering a whole name costs 10, each unit of gap 0.005


@dataclass(frozen=True, slots=True)
class Box:
    """A rectangle with its sides along the axes."""

    left: float
    bottom: float
    right: float
    top: float

    @property
    def area(self) -> float:
        """Multiply its sides."""
        return (self.right - self.left) * (self.top - self.bottom)

    def shared(self, other: "Box") -> float:
        """Give the area that two rectangles share."""
        width = min(self.right, other.right) - max(self.left, other.left)
        height = min(self.top, other.top) - max(self.bottom, other.bottom)
        return max(width, 0.0) * max(height, 0.0)

    def holds(self, point: tuple[float, float]) -> bool:
        """Tell whether a point lies inside."""
        return self.left <= point[0] <= self.right and self.bottom <= point[1] <= self.top

    def nearest(self, point: tuple[float, float]) -> tuple[float, float]:
        """Give the place of the rectangle that is nearest to a point."""
        return min(max(point[0], self.left), self.right), min(max(point[1], self.bottom), self.top)

    def cuts(self, start: tuple[float, float], end: tuple[float, float]) -> bool:
        """Tell whether a line from `start` to `end` has a part inside (Liang & Barsky 1984)."""
        enters, leaves = 0.0, 1.0
        sides = ((start[0], end[0], self.left, self.right), (start[1], end[1], self.bottom, self.top))
        for begin, stop, low, high in sides:
            if begin == stop:
                if not low < begin < high:
                    return False
                continue
            shares = sorted(((low - begin) / (stop - begin), (high - begin) / (stop - begin)))
            enters, leaves = max(enters, shares[0]), min(leaves, shares[1])
        return enters < leaves

    def grown(self, by: float) -> "Box":
        """Move every side outwards."""
        return Box(self.left - by, self.bottom - by, self.right + by, self.top + by)


def place_labels(
    sizes: Sequence[tuple[float, float]], points: Sequence[tuple[float, float]], frame: Box, drawn: Sequence[Box] = ()
) -> list[Box]:
    """Place a name of each size (width, height) near its point, inside `frame` and clear of `drawn` where it can be.

    Greedy, then again with all others in their places; the same input gives the same places.
    """
    options = [_options(size, point) for size, point in zip(sizes, points, strict=True)]
    fixed = [
        [_fixed_cost(box, gap, point, frame, drawn) for box, gap in of]
        for of, point in zip(options, points, strict=True)
    ]
    placed: list[Box | None] = [None] * len(options)
    for _ in range(SWEEPS):
        before = list(placed)
        for number, of in enumerate(options):
            others = [(box, points[place]) for place, box in enumerate(placed) if box is not None and place != number]
            costs = [
                cost + _among(box, points[number], others) for (box, _), cost in zip(of, fixed[number], strict=True)
            ]
            placed[number] = of[costs.index(min(costs))][0]
        if placed == before:
            break
    return [box for box in placed if box is not None]


def _options(size: tuple[float, float], point: tuple[float, float]) -> list[tuple[Box, float]]:
    """List the places around a point with their gaps: the nearest first, of these the one to its right."""
    (width, height), (x, y) = size, point
    found = []
    for gap in GAPS:
        for step in range(DIRECTIONS):
            angle = 2 * math.pi * step / DIRECTIONS
            middle_x = x + math.cos(angle) * (gap + width / 2)
            middle_y = y + math.sin(angle) * (gap + height / 2)
            box = Box(middle_x - width / 2, middle_y - height / 2, middle_x + width / 2, middle_y + height / 2)
            found.append((box, gap))
    return found


def _fixed_cost(box: Box, gap: float, point: tuple[float, float], frame: Box, drawn: Sequence[Box]) -> float:
    """Say what a place costs whatever the other names do; a line from point to name should cross nothing either."""
    outside = 1 - box.shared(frame) / box.area
    crossed = sum(other.cuts(point, box.nearest(point)) for other in drawn if not other.holds(point))
    return 0.005 * gap + OUTSIDE * outside + CROSSED * crossed + _covering(box, drawn)


def _among(box: Box, point: tuple[float, float], others: Sequence[tuple[Box, tuple[float, float]]]) -> float:
    """Say what a place costs among names already placed, whose lines it should not cross, nor they its own."""
    crossed = sum(
        other.cuts(point, box.nearest(point)) + box.cuts(their, other.nearest(their)) for other, their in others
    )
    return CROSSED * crossed + _covering(box, [other for other, _ in others])


def _covering(box: Box, others: Sequence[Box]) -> float:
    """Say what covering others costs: as much as of the name is covered, and something for touching at all."""
    shared = [box.shared(other) for other in others]
    return sum(0.5 + 10 * part / box.area for part in shared if part > 0)


def set_apart(places: Sequence[float], spans: Sequence[tuple[float, float]], apart: float) -> list[float]:
    """Shift upright bars sideways that would lie on one another, as little as may be, until they are `apart`.

    `places` are their x, `spans` their lower and upper ends; give the shift of each, 0 for most.
    """
    settled: list[tuple[float, tuple[float, float]]] = []
    shifts = [0.0] * len(places)
    for number in sorted(range(len(places)), key=lambda n: (places[n], n)):
        low, high = spans[number]
        steps = (side * step * apart / 4 for step in range(8 * len(places) + 1) for side in (1, -1))
        shifts[number] = next(
            shift
            for shift in steps
            if not any(
                abs(places[number] + shift - x) < apart and low <= top and bottom <= high
                for x, (bottom, top) in settled
            )
        )
        settled.append((places[number] + shifts[number], (low, high)))
    return shifts
