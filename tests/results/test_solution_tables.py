"""Result tables made from records: names, order, units, attributes, and the meaning of a dual."""

from __future__ import annotations

import math
from typing import Any

import numpy as np
import pandas as pd
import pytest

from optimizer.instance.instance import Instance
from optimizer.model.room import Formulation, Room, declare
from optimizer.results.solution_tables import index_columns, slug, solution_tables, value_column
from optimizer.solve.linear_program import Block, LinearProgram
from optimizer.solve.session import Session, Solution


def world() -> tuple[Formulation, Instance]:
    """Two regions with three plants, one of them on a campus; demand exists in three of the four region-years."""
    room = Room("toy")
    room.set("period", "a year")
    room.set("region", "a place", columns="country")
    room.set("plant", "a power plant", columns="region technology")
    room.set("campus_plant", "behind the meter", within="plant")
    room.param("output_max", "plant period", "MW", "most output")
    room.param("need", "region period", "MW", "demand")
    room.param("exists", "region period", "1", "1 where there is demand")
    room.param("shed_max", "", "MW", "most that may be shed")
    room.decide("output", "plant period", "MW", "runs\n  at", upper="output_max", family="generation")
    room.decide("import_mw", "region period", "MW", "bought abroad")
    room.decide("spare", "campus_plant period", "MW", "kept back")
    room.decide("scale", "", "1", "size of the mix")

    @room.limit("region period", family="energy", per="MW", where="exists")
    def demand_met(m: Any, r: Any, p: Any) -> Any:
        """Plants and imports
        cover demand."""
        return m.import_mw[r, p] >= m.need[r, p]

    @room.limit("period period", family="order", per="1")
    def one_after_the_other(m: Any, p: Any, q: Any) -> Any:
        "A limit over one set twice."
        return m.scale >= 0

    @room.cost("all")
    def cost(m: Any) -> Any:
        return sum(m.output[k, p] for k in m.plant for p in m.period)

    instance = Instance(
        sets={"period": (2026, 2028), "region": ("A", "B"), "plant": ("a1", "b1", "b2"), "campus_plant": ("b2",)},
        attributes={
            "region": {"country": ["us", "china"]},
            "plant": {"region": ["A", "B", "B"], "technology": ["gas", "coal", "engine"]},
        },
    )
    return declare([room]), instance


def solved() -> tuple[LinearProgram, Solution]:
    """Arrays with recognisable numbers: x counts 0, 1, 2 ...; duals count 100, 101 ...; reduced costs 1000, 1001 ..."""
    columns = {
        "output": Block(0, (3, 2), ("plant", "period")),
        "import_mw": Block(6, (2, 2), ("region", "period")),
        "spare": Block(10, (1, 2), ("campus_plant", "period")),
        "scale": Block(12, (), ()),
    }
    rows = {
        "demand_met": Block(0, (2, 2), ("region", "period"), kept=np.array([0, 2, 3])),
        "one_after_the_other": Block(3, (2, 2), ("period", "period")),
    }
    num_col, num_row = 13, 7
    lp = LinearProgram(
        costs={"all": np.zeros(num_col)},
        cost_offset={"all": 0.0},
        goals={},
        goal_offset={},
        col_lower=np.zeros(num_col),
        col_upper=np.where(np.arange(num_col) < 6, 50.0, np.inf),
        row_lower=np.arange(num_row) + 10.0,
        row_upper=np.full(num_row, np.inf),
        start=np.zeros(num_row + 1, dtype=np.int64),
        index=np.zeros(0, dtype=np.int32),
        value=np.zeros(0),
        columns=columns,
        rows=rows,
    )
    solution: Any = Solution.__new__(Solution)
    values = {
        "x": np.arange(num_col, dtype=float),
        "row_activity": np.arange(num_row) + 20.0,
        "y": np.arange(num_row) + 100.0,
        "z": np.arange(num_col) + 1000.0,
    }
    for name, value in values.items():
        object.__setattr__(solution, name, value)
    return lp, solution


@pytest.fixture(scope="module")
def tables() -> dict[str, pd.DataFrame]:
    formulation, instance = world()
    lp, solution = solved()
    return solution_tables(formulation, instance, lp, solution)


def records(table: pd.DataFrame) -> list[tuple[Any, ...]]:
    return list(table.itertuples(index=False, name=None))


def test_a_decision_is_long_with_attributes_and_unit(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["output"]
    assert list(table.columns) == ["plant", "period", "region", "technology", "output_mw"]
    assert records(table) == [
        ("a1", 2026, "A", "gas", 0.0),
        ("a1", 2028, "A", "gas", 1.0),
        ("b1", 2026, "B", "coal", 2.0),
        ("b1", 2028, "B", "coal", 3.0),
        ("b2", 2026, "B", "engine", 4.0),
        ("b2", 2028, "B", "engine", 5.0),
    ]
    assert table["period"].dtype == np.int64


def test_a_unit_is_said_once(tables: dict[str, pd.DataFrame]) -> None:
    assert list(tables["import_mw"].columns) == ["region", "period", "country", "import_mw"]


def test_a_subset_takes_the_attributes_of_its_parent_by_label(tables: dict[str, pd.DataFrame]) -> None:
    assert records(tables["spare"]) == [("b2", 2026, "B", "engine", 10.0), ("b2", 2028, "B", "engine", 11.0)]


def test_a_scalar_decision_is_one_row(tables: dict[str, pd.DataFrame]) -> None:
    assert list(tables["scale"].columns) == ["scale"]
    assert records(tables["scale"]) == [(12.0,)]


def test_duals_stand_only_where_rows_exist(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["dual_demand_met"]
    assert list(table.columns) == [
        "region", "period", "country", "lower_mw", "activity_mw", "upper_mw", "dual_musd_per_mw",
    ]  # fmt: skip
    assert records(table) == [
        ("A", 2026, "us", 10.0, 20.0, math.inf, 100.0),
        ("B", 2026, "china", 11.0, 21.0, math.inf, 101.0),
        ("B", 2028, "china", 12.0, 22.0, math.inf, 102.0),
    ]


def test_one_set_on_two_axes_keeps_both_columns(tables: dict[str, pd.DataFrame]) -> None:
    table = tables["dual_one_after_the_other"]
    assert list(table.columns) == ["period", "period_2", "lower", "activity", "upper", "dual_musd"]
    assert records(table[["period", "period_2"]]) == [(2026, 2026), (2026, 2028), (2028, 2026), (2028, 2028)]


def test_reduced_costs_stand_for_declared_bounds_only(tables: dict[str, pd.DataFrame]) -> None:
    assert "reduced_cost_import_mw" not in tables
    table = tables["reduced_cost_output"]
    assert list(table.columns[-4:]) == ["lower_mw", "output_mw", "upper_mw", "reduced_cost_musd_per_mw"]
    assert records(table.iloc[:1, -4:]) == [(0.0, 0.0, 50.0, 1000.0)]


def test_an_attribute_called_like_an_axis_says_whose_it_is() -> None:
    formulation, instance = world()
    columns = index_columns(("plant", "region"), formulation, instance)
    assert list(columns) == ["plant", "region", "plant_region", "technology", "country"]


def test_the_catalogue_names_every_table(tables: dict[str, pd.DataFrame]) -> None:
    catalogue = tables["catalogue"].set_index("table")
    assert set(catalogue.index) == set(tables) - {"catalogue"}
    assert catalogue.loc["output", ["kind", "room", "family", "unit", "rows", "doc"]].to_list() == [
        "decision", "toy", "generation", "MW", 6, "runs at",
    ]  # fmt: skip
    assert catalogue.loc["dual_demand_met", ["kind", "family", "unit", "rows"]].to_list() == [
        "dual", "energy", "MUSD/MW", 3,
    ]  # fmt: skip


def test_tables_do_not_share_memory_with_the_solution(tables: dict[str, pd.DataFrame]) -> None:
    formulation, instance = world()
    lp, solution = solved()
    made = solution_tables(formulation, instance, lp, solution)
    made["output"].loc[0, "output_mw"] = 99.0
    assert solution.x[0] == 0.0


def test_another_objective_gives_its_own_price_unit() -> None:
    formulation, instance = world()
    lp, solution = solved()
    made = solution_tables(formulation, instance, lp, solution, price_unit="Gtok")
    assert made["dual_demand_met"].columns[-1] == "dual_gtok_per_mw"


@pytest.mark.parametrize(
    "unit, text",
    [("MUSD/MW-yr", "musd_per_mw_yr"), ("Gtok/h", "gtok_per_h"), ("kchip", "kchip"), ("%/yr", "pct_per_yr")],
)
def test_units_become_parts_of_names(unit: str, text: str) -> None:
    assert slug(unit) == text
    assert value_column("x", unit) == f"x_{text}"


def test_signs_of_duals_by_hand() -> None:
    """Cheap plant at 2 MUSD/MW up to 3 MW, imports at 10: five MW cost 26, one more 10, one more cheap MW saves 8."""
    room = Room("toy")
    room.set("region", "a place")
    room.param("output_max", "region", "MW", "most output")
    room.decide("output", "region", "MW", "cheap", upper="output_max", family="generation")
    room.decide("imported", "region", "MW", "dear")

    @room.limit("region", family="energy", per="MW")
    def demand_met(m: Any, r: Any) -> Any:
        "Demand is met."
        return m.output[r] + m.imported[r] >= 5

    @room.cost("all")
    def cost(m: Any) -> Any:
        return sum(2 * m.output[r] + 10 * m.imported[r] for r in m.region)

    lp = LinearProgram(
        costs={"all": np.array([2.0, 10.0])},
        cost_offset={"all": 0.0},
        goals={},
        goal_offset={},
        col_lower=np.zeros(2),
        col_upper=np.array([3.0, np.inf]),
        row_lower=np.array([5.0]),
        row_upper=np.array([np.inf]),
        start=np.array([0, 2], dtype=np.int64),
        index=np.array([0, 1], dtype=np.int32),
        value=np.array([1.0, 1.0]),
        columns={"output": Block(0, (1,), ("region",)), "imported": Block(1, (1,), ("region",))},
        rows={"demand_met": Block(0, (1,), ("region",))},
    )
    solution = Session(lp).solve()
    tables = solution_tables(declare([room]), Instance(sets={"region": ("A",)}), lp, solution)
    assert solution.objective == pytest.approx(26.0)
    assert tables["dual_demand_met"]["dual_musd_per_mw"].to_list() == pytest.approx([10.0])
    assert tables["reduced_cost_output"]["reduced_cost_musd_per_mw"].to_list() == pytest.approx([-8.0])
