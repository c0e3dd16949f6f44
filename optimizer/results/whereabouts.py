"""Where a place of the ledger lies: its country, its region, its period, and words for it."""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

from .solution_tables import attributes_of

if TYPE_CHECKING:
    from optimizer.instance.instance import Instance
    from optimizer.model.joining import Formulation
    from optimizer.solve.relief import Place


class Whereabouts:
    """Country, region and period of a place: from the labels themselves and the attribute columns of their sets."""

    def __init__(self, instance: Instance, formulation: Formulation) -> None:
        self._instance, self._formulation = instance, formulation
        self._known: dict[tuple[str, Any], dict[str, Any]] = {}
        self._columns: dict[str, tuple[dict[Any, int], dict[str, list[Any]]]] = {}

    def of(self, place: Place) -> dict[str, Any]:
        """``country``, ``region`` (a corridor's is `from > to`) and ``period``; None where a place has none."""
        found: dict[str, Any] = {"country": None, "region": None, "period": None}
        for axis, label in zip(place.axes, place.labels, strict=True):
            if axis == "period":
                found["period"] = found["period"] or label
                continue
            for key, value in self.label(axis, label).items():
                found[key] = found[key] or value
        return found

    def label(self, axis: str, label: Any) -> dict[str, Any]:
        """Country and region of one label, as far as they are known."""
        if (axis, label) not in self._known:
            self._known[axis, label] = self._look(axis, label)
        return self._known[axis, label]

    def columns(self, axis: str, label: Any) -> dict[str, Any]:
        """The attributes of a label."""
        if axis not in self._columns:
            places = {one: i for i, one in enumerate(self._instance.sets[axis])}
            self._columns[axis] = places, dict(attributes_of(axis, self._formulation, self._instance))
        places, columns = self._columns[axis]
        return {name: values[places[label]] for name, values in columns.items()}

    def _look(self, axis: str, label: Any) -> dict[str, Any]:
        columns = self.columns(axis, label)
        found = {key: columns[key] for key in ("country", "region") if columns.get(key)}
        if axis == "country":
            found["country"] = label
        elif axis == "region" or self._formulation.sets[axis].within == "region":
            found["region"] = label
        elif "from_region" in columns:
            far = columns.get("to_region")  # a steered link may give in several places
            found["region"] = f"{columns['from_region']} > {far}" if far else columns["from_region"]
        for name, value in columns.items():  # a column named after a set holds labels of it: host, stream, pool
            if name not in ("country", "region", "period") and value in self._instance.sets.get(name, ()):
                for key, inner in self.label(name, value).items():
                    found.setdefault(key, inner)
        return found
