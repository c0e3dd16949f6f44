"""The data of one case: labels, relations and arrays, under the names that the rooms declared."""

from __future__ import annotations

import itertools
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field, replace
from typing import TYPE_CHECKING, Any

import numpy as np

if TYPE_CHECKING:
    from optimizer.model.joining import Formulation
    from optimizer.model.records import ParamRecord, RelationRecord, SetRecord

Label = str | int


class InstanceError(ValueError):
    """The data do not fit the formulation. ``faults`` holds one sentence for each fault."""

    def __init__(self, faults: list[str]) -> None:
        self.faults = tuple(faults)
        super().__init__("the instance does not fit the formulation:\n" + "\n".join(f"  - {text}" for text in faults))


class CrossedBoundsError(InstanceError):
    """Nothing is wrong but bounds of decisions that cross: the data are well formed and admit no plan."""


@dataclass(frozen=True, eq=False)
class Instance:
    """Labels, relations and arrays by name.

    ``sets``: labels (str or int) in order. ``relations``: for each key (a label, or a tuple of labels when the relation
    has more than one key axis) the list of members; every key is present. ``params``: float64 arrays with axes in the
    record's order (scalars are 0-d), lookups are object arrays of labels. ``attributes``: set -> column -> values
    aligned with the set, for result tables. ``notes``: labelled assumptions that every result repeats.

    Numbers given as lists, Python scalars or integer arrays are turned into float64 arrays on entry. Treat an instance
    as read-only: derived integer tables are kept with it and shared by what :meth:`replace` returns.
    """

    sets: Mapping[str, tuple[Label, ...]]
    relations: Mapping[str, Mapping[Any, list[Label]]] = field(default_factory=dict)
    params: Mapping[str, np.ndarray] = field(default_factory=dict)
    attributes: Mapping[str, Mapping[str, list[Any]]] = field(default_factory=dict)
    notes: tuple[str, ...] = ()
    kept: dict[Any, Any] = field(default_factory=dict, repr=False)

    def __post_init__(self) -> None:
        object.__setattr__(self, "sets", {name: tuple(labels) for name, labels in self.sets.items()})
        object.__setattr__(self, "params", {name: as_array(values) for name, values in self.params.items()})

    def __getstate__(self) -> dict[str, Any]:
        return {**self.__dict__, "kept": {}}  # derived tables are made again where an instance arrives

    def size(self, name: str) -> int:
        """The number of members of a set."""
        return len(self.sets[name])

    def shape(self, axes: tuple[str, ...]) -> tuple[int, ...]:
        """The shape of an array over ``axes``."""
        return tuple(len(self.sets[name]) for name in axes)

    def replace(self, **params: Any) -> Instance:
        """The same instance with some parameters changed; KeyError for a name that it does not hold."""
        unknown = [name for name in params if name not in self.params]
        if unknown:
            raise KeyError(f"no parameter named {', '.join(unknown)}")
        return replace(self, params={**self.params, **params})

    def namespace(self, formulation: Formulation) -> dict[Any, Any]:
        """Pyomo's data dictionary ``{None: {...}}`` for ``formulation.model.create_instance``."""
        data: dict[str, Any] = {name: {None: list(self.sets[name])} for name in formulation.sets}
        for name, relation in formulation.relations.items():
            data[name] = {key: list(self.relations[name][key]) for key in self.keys(relation.key)}
        for name, param in formulation.params.items():
            values = self.params[name].ravel().tolist()
            data[name] = dict(zip(self.keys(param.axes), values, strict=True)) if param.axes else {None: values[0]}
        return {None: data}

    def keys(self, axes: tuple[str, ...]) -> Iterator[Any]:
        """All index keys over ``axes`` in array order: labels for one axis, tuples for more."""
        if len(axes) == 1:
            return iter(self.sets[axes[0]])
        return itertools.product(*(self.sets[name] for name in axes))

    def check(self, formulation: Formulation) -> None:
        """Raise one :class:`InstanceError` that lists every set, relation or array that does not fit."""
        faults: list[str] = []
        for record in formulation.sets.values():
            faults += self._set_faults(record)
        if not faults:  # shapes and keys mean nothing while the labels are wrong
            for relation in formulation.relations.values():
                faults += self._relation_faults(relation)
            bounds = {name for d in formulation.decisions.values() for name in (d.lower, d.upper) if name}
            filters = {limit.where for limit in formulation.limits.values() if limit.where}
            for param in formulation.params.values():
                faults += self._param_faults(param, param.name in bounds, param.name in filters)
            crossed = self._bound_faults(formulation)
            if crossed and not faults:
                raise CrossedBoundsError(crossed)
            faults += crossed
        if faults:
            raise InstanceError(faults)

    def _set_faults(self, record: SetRecord) -> list[str]:
        name = record.name
        if name not in self.sets:
            return [f"set '{name}' is missing"]
        labels = self.sets[name]
        wrong = [label for label in labels if type(label) not in (str, int)]
        if wrong:
            return [f"set '{name}': labels must be str or int, not {type(wrong[0]).__name__} ({wrong[0]!r})"]
        faults = []
        if len(set(labels)) < len(labels):
            twice = sorted({str(label) for label in labels if labels.count(label) > 1})
            faults.append(f"set '{name}': labels given twice: {', '.join(twice[:5])}")
        if record.within is not None and record.within in self.sets:
            outside = [str(label) for label in labels if label not in set(self.sets[record.within])]
            if outside:
                faults.append(f"set '{name}': not in its parent '{record.within}': {', '.join(outside[:5])}")
        for column, values in self.attributes.get(name, {}).items():
            if len(values) != len(labels):
                faults.append(f"set '{name}', column '{column}': {len(values)} values for {len(labels)} labels")
        return faults

    def _relation_faults(self, record: RelationRecord) -> list[str]:
        name = record.name
        if name not in self.relations:
            return [f"relation '{name}' is missing"]
        given, known, keys = self.relations[name], set(self.sets[record.of]), list(self.keys(record.key))
        missing = [key for key in keys if key not in given]
        extra = set(given) - set(keys)
        faults = []
        if missing:
            faults.append(f"relation '{name}': no list for {len(missing)} keys, the first is {missing[0]!r}")
        if extra:
            faults.append(f"relation '{name}': unknown key {next(iter(extra))!r}")
        for key, members in given.items():
            if not known.issuperset(members):
                strange = next(member for member in members if member not in known)
                faults.append(f"relation '{name}' at {key!r}: {strange!r} is no member of '{record.of}'")
                break
            if len(set(members)) < len(members):
                faults.append(f"relation '{name}' at {key!r}: a member is listed twice")
                break
        return faults

    def _param_faults(self, record: ParamRecord, is_bound: bool, is_filter: bool) -> list[str]:
        name, kind = record.name, "lookup" if record.of else "parameter"
        if name not in self.params:
            return [f"{kind} '{name}' is missing"]
        values, shape = self.params[name], self.shape(record.axes)
        if values.shape != shape:
            return [f"{kind} '{name}': shape {values.shape}, but '{' '.join(record.axes)}' is {shape}"]
        if record.of is not None:
            if values.dtype != object:
                return [f"lookup '{name}': labels belong in an object array, not in {values.dtype}"]
            known = set(self.sets[record.of])
            strange = [label for label in values.ravel().tolist() if label not in known]
            return [f"lookup '{name}': {strange[0]!r} is no member of '{record.of}'"] if strange else []
        if values.dtype != np.float64:
            return [f"parameter '{name}': holds {values.dtype}, not numbers"]
        bad = np.isnan(values) if is_bound else ~np.isfinite(values)
        if bad.any():
            at = tuple(int(i) for i in np.argwhere(bad)[0])
            labels = tuple(self.sets[axis][i] for axis, i in zip(record.axes, at, strict=True))
            return [f"parameter '{name}': {values[at]} at {labels}, {int(bad.sum())} such values in all"]
        if is_filter and not np.isin(values, (0.0, 1.0)).all():
            return [f"parameter '{name}': says which rows exist, so it holds only 0 and 1"]
        return []

    def _bound_faults(self, formulation: Formulation) -> list[str]:
        faults = []
        for decision in formulation.decisions.values():
            shape = self.shape(decision.axes)
            lower = self.params.get(decision.lower) if decision.lower else np.zeros(shape)
            upper = self.params.get(decision.upper) if decision.upper else np.full(shape, np.inf)
            if lower is None or upper is None or lower.shape != shape or upper.shape != shape:
                continue  # reported with the parameter itself
            if (lower > upper).any():
                at = tuple(int(i) for i in np.argwhere(lower > upper)[0])
                labels = tuple(self.sets[axis][i] for axis, i in zip(decision.axes, at, strict=True))
                faults.append(f"decision '{decision.name}' at {labels}: lower {lower[at]} is above upper {upper[at]}")
            if (lower == np.inf).any() or (upper == -np.inf).any():
                faults.append(f"decision '{decision.name}': a lower bound of inf or an upper bound of -inf")
        return faults


def as_array(values: Any) -> np.ndarray:
    """Numbers as float64 and labels as an object array; arrays that already fit are not copied."""
    array = np.asarray(values)
    if array.dtype.kind in "fiub":
        return array.astype(np.float64, copy=False)
    return array if array.dtype == object else array.astype(object)
