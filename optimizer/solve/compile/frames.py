"""Frames: the box of axes in which an expression is evaluated.

A family of rows over ``region period snapshot`` starts as a box with three axes. A sum over a set adds an axis. A
ragged sum over a relation replaces the axes that its key uses by one axis of (key, member) pairs. Every index of the
rule is then one vector of positions along one axis of the box, so a whole family is evaluated by a few broadcasts.

Positions are integers within a set. An index over one set may be used where another is asked for (a subset, a parent, a
set with the same labels); :class:`Structure` translates by label.
"""

from __future__ import annotations

from dataclasses import dataclass, field
from math import prod

import numpy as np

from optimizer.instance.instance import Instance, Label
from optimizer.model.joining import Formulation


@dataclass(frozen=True)
class Relation:
    """Members by key: those of flat key ``k`` are ``members[start[k]:start[k + 1]]``, positions in the set ``of``."""

    key: tuple[str, ...]
    of: str
    start: np.ndarray
    members: np.ndarray


class Structure:
    """Sets and relations of an instance as integers, kept with it and shared by its copies with other numbers."""

    def __init__(self, formulation: Formulation, instance: Instance) -> None:
        self.sizes = {name: len(instance.sets[name]) for name in formulation.sets}
        self._labels = {name: instance.sets[name] for name in formulation.sets}
        self._positions: dict[str, dict[Label, int]] = {}
        self._translations: dict[tuple[str, str], np.ndarray] = {}
        self.relations: dict[str, Relation] = {}
        for name, record in formulation.relations.items():
            lists = [instance.relations[name][key] for key in instance.keys(record.key)]
            start = np.zeros(len(lists) + 1, np.int64)
            np.cumsum([len(members) for members in lists], out=start[1:])
            flat = self.encode(record.of, [label for members in lists for label in members])
            self.relations[name] = Relation(record.key, record.of, start, flat)

    @staticmethod
    def of(formulation: Formulation, instance: Instance) -> Structure:
        """The structure of an instance, made at the first call and kept with it."""
        if formulation not in instance.kept:
            instance.kept[formulation] = Structure(formulation, instance)
        kept: Structure = instance.kept[formulation]
        return kept

    def shape(self, axes: tuple[str, ...]) -> tuple[int, ...]:
        """Sizes of the sets named."""
        return tuple(self.sizes[name] for name in axes)

    def labels(self, axes: tuple[str, ...], flat: int) -> tuple[Label, ...]:
        """The labels of a flat position over ``axes``."""
        place = np.unravel_index(flat, self.shape(axes)) if axes else ()
        return tuple(self._labels[name][int(i)] for name, i in zip(axes, place, strict=True))

    def encode(self, name: str, labels: list[Label]) -> np.ndarray:
        """Positions of labels in a set; KeyError for a label that is none of its members."""
        positions = self._positions_of(name)
        return np.fromiter((positions[label] for label in labels), np.int32, len(labels))

    def translate(self, positions: np.ndarray, given: str, wanted: str) -> np.ndarray:
        """Positions in the set ``given`` as positions in the set ``wanted``; -1 where the label is not in it."""
        if given == wanted:
            return positions
        if (given, wanted) not in self._translations:
            table = self._positions_of(wanted)
            labels = self._labels[given]
            self._translations[given, wanted] = np.fromiter((table.get(x, -1) for x in labels), np.int32, len(labels))
        return self._translations[given, wanted][positions]

    def _positions_of(self, name: str) -> dict[Label, int]:
        if name not in self._positions:
            self._positions[name] = {label: i for i, label in enumerate(self._labels[name])}
        return self._positions[name]


@dataclass(frozen=True)
class Along:
    """An index bound to one axis of a frame: ``positions`` in the set ``over``; None: the whole set in its order."""

    axis: int
    over: str
    positions: np.ndarray | None


@dataclass(frozen=True)
class Frame:
    """Sizes of the box, the indices bound to its axes (by number), and each axis' share in the row number."""

    sizes: tuple[int, ...]
    bound: dict[int, Along]
    row: dict[int, np.ndarray] = field(default_factory=dict)

    @staticmethod
    def whole(numbers: tuple[int, ...], axes: tuple[str, ...], sizes: tuple[int, ...]) -> Frame:
        """The box over whole sets; the row number is the flat position."""
        bound = {number: Along(i, name, None) for i, (number, name) in enumerate(zip(numbers, axes, strict=True))}
        row = {i: np.arange(size, dtype=np.int64) * prod(sizes[i + 1 :]) for i, size in enumerate(sizes)}
        return Frame(sizes, bound, row)

    @staticmethod
    def selected(numbers: tuple[int, ...], axes: tuple[str, ...], exists: np.ndarray) -> Frame:
        """The cells of a box that exist, rows numbered in their order.

        A filter that is a product (a plant either ramps or it does not, in every hour) leaves a smaller box; any other
        leaves one axis of cells.
        """
        every = range(exists.ndim)
        chosen = [np.flatnonzero(exists.any(axis=tuple(axis for axis in every if axis != i))) for i in every]
        sizes = tuple(len(places) for places in chosen)
        count = int(np.count_nonzero(exists))
        if axes and prod(sizes) == count:
            whole = Frame.whole(numbers, axes, sizes)
            bound = {
                number: Along(i, name, None if len(places) == exists.shape[i] else places.astype(np.int32))
                for i, (number, name, places) in enumerate(zip(numbers, axes, chosen, strict=True))
            }
            return Frame(sizes, bound, whole.row)
        cells = np.nonzero(exists) if axes else ()
        bound = {
            number: Along(0, name, place.astype(np.int32))
            for number, name, place in zip(numbers, axes, cells, strict=True)
        }
        return Frame((count,), bound, {0: np.arange(count, dtype=np.int64)})

    def along(self, axis: int, vector: np.ndarray) -> np.ndarray:
        """A vector laid along one axis, ready to broadcast."""
        shape = [1] * len(self.sizes)
        shape[axis] = len(vector)
        return vector.reshape(shape)

    def positions(self, number: int) -> np.ndarray:
        """Positions of a bound index along its axis."""
        index = self.bound[number]
        return np.arange(self.sizes[index.axis], dtype=np.int32) if index.positions is None else index.positions

    def row_parts(self) -> list[np.ndarray]:
        """Broadcastable arrays whose sum is the row number of every cell."""
        return [self.along(axis, vector) for axis, vector in self.row.items()]

    def part(self, numbers: set[int]) -> tuple[Frame, tuple[int, ...]]:
        """The frame of only those axes that the indices ``numbers`` use, as its own box, and which axes those are."""
        axes = tuple(sorted({self.bound[number].axis for number in numbers}))
        place = {axis: i for i, axis in enumerate(axes)}
        sizes = tuple(self.sizes[axis] for axis in axes)
        bound = {n: Along(place[b.axis], b.over, b.positions) for n, b in self.bound.items() if b.axis in place}
        row = {i: np.arange(size, dtype=np.int64) * prod(sizes[i + 1 :]) for i, size in enumerate(sizes)}
        return Frame(sizes, bound, row), axes

    def opened(self, number: int, over: str, size: int) -> Frame:
        """With one more axis: a sum over a whole set."""
        bound = {**self.bound, number: Along(len(self.sizes), over, None)}
        return Frame((*self.sizes, size), bound, self.row)

    def paired(self, number: int, relation: Relation, axes: tuple[int, ...], keys: np.ndarray) -> Frame:
        """With a ragged sum: ``axes`` become one axis of (key, member) pairs.

        ``keys`` holds the flat key of the relation for every combination along ``axes`` (C order).
        """
        counts = np.diff(relation.start)[keys]
        source = np.repeat(np.arange(len(keys)), counts)
        first = np.repeat(np.cumsum(counts) - counts, counts)
        pick = relation.start[keys][source] + (np.arange(len(source)) - first)
        old = np.unravel_index(source, [self.sizes[axis] for axis in axes])
        along_pairs = dict(zip(axes, old, strict=True))
        others = [axis for axis in range(len(self.sizes)) if axis not in along_pairs]
        pair_axis = sum(axis < axes[0] for axis in others)
        order = [*others[:pair_axis], None, *others[pair_axis:]]
        place = {axis: i for i, axis in enumerate(order)}
        sizes = tuple(len(source) if axis is None else self.sizes[axis] for axis in order)
        bound: dict[int, Along] = {}
        for n, b in self.bound.items():
            if b.axis in along_pairs:
                bound[n] = Along(pair_axis, b.over, self.positions(n)[along_pairs[b.axis]])
            else:
                bound[n] = Along(place[b.axis], b.over, b.positions)
        bound[number] = Along(pair_axis, relation.of, relation.members[pick])
        row: dict[int, np.ndarray] = {}
        for axis, vector in self.row.items():
            if axis in along_pairs:
                row[pair_axis] = row.get(pair_axis, 0) + vector[along_pairs[axis]]
            else:
                row[place[axis]] = vector
        return Frame(sizes, bound, row)
