"""A plan as a PyPSA network: what came from a network goes back to the same optimum, and every bus balances."""

from __future__ import annotations

from pathlib import Path
from typing import Any

import numpy as np
import pandas as pd
import pytest

pytest.importorskip("pypsa", reason="the bridge to PyPSA needs PyPSA")

import pypsa
from typer.testing import CliRunner

from optimizer.cli import app
from optimizer.interop.errors import ExchangeError
from optimizer.interop.pypsa_export import Exported, export_plan, export_run, write_network
from optimizer.interop.pypsa_import import import_pypsa
from optimizer.results.plan import solve_scenario
from optimizer.results.planner import Planner
from optimizer.results.reopen import reopen
from optimizer.scenario.load import load_scenario
from tests.cases.ai_on_network import with_ai
from tests.cases.pypsa_networks import FEATURES, mixture
from tests.cases.small_world import SmallWorld
from tests.interop.pypsa_parity import optimise

IGNORED = ("FutureWarning", "DeprecationWarning", "pytest.PytestUnraisableExceptionWarning")  # PyPSA's own
pytestmark = [pytest.mark.filterwarnings(f"ignore::{kind}") for kind in IGNORED]

PERIODS = (2025, 2030, 2035)
CLOSE = 1e-6


def bill(network: Any) -> float:
    optimise(network)
    return float(network.objective + network.objective_constant)


def there_and_back(network: Any, folder: Path) -> tuple[Any, Exported]:
    """Imported, solved, exported, written and read again."""
    planner = Planner(load_scenario(import_pypsa(network, folder / "scenario", strict=True).file))
    made = export_plan(planner.solve(), planner.prepared.world, strict=True)
    write_network(made.network, folder / "back.nc")
    return pypsa.Network(folder / "back.nc"), made


def imbalance(network: Any) -> float:
    """Largest MW by which the results of a bus do not add up."""
    total = pd.DataFrame(0.0, network.snapshots, network.c.buses.static.index)
    for listing, attributes in (
        ("generators", {"p": "bus"}), ("storage_units", {"p": "bus"}), ("stores", {"p": "bus"}),
        ("loads", {"p_set": "bus"}), ("lines", {"p0": "bus0", "p1": "bus1"}),
        ("transformers", {"p0": "bus0", "p1": "bus1"}), ("links", {f"p{k}": f"bus{k}" for k in range(4)}),
    ):  # fmt: skip
        component = network.c[listing]
        if not len(component.static):
            continue
        drawn = 1.0 if listing in ("generators", "storage_units", "stores") else -1.0
        sign = component.static["sign"] * drawn if drawn > 0 else drawn
        for attribute, end in attributes.items():
            flow = component.dynamic.get(attribute)
            if listing == "loads":
                flow = network.get_switchable_as_dense("Load", "p_set")
            for name in [] if flow is None else flow.columns:
                bus = component.static.loc[name, end]
                total[bus] += flow[name] * (sign[name] if drawn > 0 else sign)
    return float(np.abs(total.to_numpy()).max())


@pytest.mark.parametrize("feature", sorted(FEATURES))
def test_each_feature_goes_there_and_back(feature: str, tmp_path: Path) -> None:
    network = mixture([feature], seed=1, periods=PERIODS if feature == "vintages" else ())
    back, made = there_and_back(network, tmp_path)
    assert made.left_out == ()
    assert imbalance(back) < CLOSE
    assert bill(back) == pytest.approx(bill(network), rel=CLOSE)


def test_a_mixture_over_periods_goes_there_and_back(tmp_path: Path) -> None:
    names = ["batteries", "carbon_cap", "fuel_in_store", "growing_units", "links", "other_limits", "weights"]
    network = mixture(names, seed=7, periods=PERIODS)
    back, made = there_and_back(network, tmp_path)
    assert made.left_out == ()
    assert imbalance(back) < CLOSE
    assert bill(back) == pytest.approx(bill(network), rel=CLOSE)


def test_results_are_those_that_pypsa_finds_where_they_are_unique(tmp_path: Path) -> None:
    network = mixture(["growing_units", "ring_of_lines"], seed=3)
    back, _ = there_and_back(network, tmp_path)
    optimise(network)
    for listing, attribute in (("generators", "p"), ("lines", "p0"), ("buses", "marginal_price")):
        theirs = network.c[listing].dynamic[attribute]
        ours = back.c[listing].dynamic[attribute][list(theirs.columns)]
        assert np.abs(ours.to_numpy() - theirs.to_numpy()).max() < 1e-5
    capacity = back.c.generators.static.p_nom_opt
    assert capacity.to_numpy() == pytest.approx(network.c.generators.static.p_nom_opt[capacity.index].to_numpy())


@pytest.fixture(scope="module")
def toy_run(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("runs")
    run = solve_scenario(load_scenario("toy"), out=folder)
    assert run.path is not None
    return run.path


def running_cost(network: Any) -> float:
    """What the results in a network cost to run, weighted."""
    weight = network.snapshot_weightings["objective"].to_numpy()
    if isinstance(network.snapshots, pd.MultiIndex):
        of_period = network.investment_period_weightings["objective"]
        weight = weight * of_period.reindex(network.snapshots.get_level_values(0)).to_numpy()
    total = 0.0
    for kind, listing, flow in (("Generator", "generators", "p"), ("Link", "links", "p0")):
        cost = network.get_switchable_as_dense(kind, "marginal_cost")
        flows = network.c[listing].dynamic[flow]
        total += float(weight @ (flows * cost[list(flows.columns)]).sum(axis=1).to_numpy())
    return total


def test_a_plan_by_technology_is_dispatched_again_at_the_same_cost(toy_run: Path, tmp_path: Path) -> None:
    made = export_run(toy_run, tmp_path / "toy.nc")
    network = pypsa.Network(tmp_path / "toy.nc")
    assert imbalance(network) < CLOSE
    assert network.c.loads.static["carrier"].isin(["load", "AI"]).all()
    ours = running_cost(network)
    # a minimum take binds nothing here, and the toy has no store: PyPSA finds the plan's own dispatch
    assert bill(network) == pytest.approx(ours, rel=CLOSE)
    assert network.meta["plan"]["scenario"] == "toy"
    assert {each.what for each in made.left_out} >= {"plants behind the meter"}


def test_ai_loads_are_what_campuses_draw_from_the_grid(toy_run: Path, tmp_path: Path) -> None:
    export_run(toy_run, tmp_path / "csv")
    network = pypsa.Network()
    network.import_from_csv_folder(tmp_path / "csv")
    drawn = network.c.loads.dynamic.p_set.filter(like=" AI")
    table = pd.read_parquet(toy_run / "tables" / "grid_draw.parquet")
    value = next(column for column in table if column.startswith("grid_draw"))
    assert drawn.to_numpy().sum() == pytest.approx(table[value].sum())


def test_a_small_world_with_weather_and_spill_balances(tmp_path: Path) -> None:
    planner = SmallWorld(tmp_path).planner()
    made = export_plan(planner.solve(), planner.prepared.world)
    assert imbalance(made.network) < CLOSE


def test_strict_names_what_binds_dispatch_and_writes_nothing(toy_run: Path, tmp_path: Path) -> None:
    with pytest.raises(ExchangeError, match="plants behind the meter"):
        export_run(toy_run, tmp_path / "toy.nc", strict=True)
    assert list(tmp_path.iterdir()) == []


def test_a_file_that_is_there_is_not_written_over(toy_run: Path, tmp_path: Path) -> None:
    (tmp_path / "toy.nc").write_text("mine")
    with pytest.raises(ExchangeError, match="exists already"):
        export_run(toy_run, tmp_path / "toy.nc")
    assert (tmp_path / "toy.nc").read_text() == "mine"


def test_the_commands_there_and_back(tmp_path: Path) -> None:
    mixture(["growing_units", "links"], seed=4).export_to_netcdf(tmp_path / "net.nc")
    runner = CliRunner()

    def ran(*words: str) -> str:
        done = runner.invoke(app, list(words))
        assert done.exit_code == 0, done.output
        return done.output

    assert "nothing was left out" in ran("import", "pypsa", str(tmp_path / "net.nc"), "-o", str(tmp_path / "world"))
    ran("solve", str(tmp_path / "world" / "scenario.yaml"), "--out", str(tmp_path / "runs"))
    (runs,) = (tmp_path / "runs").iterdir()
    assert "nothing was left out" in ran("export", "pypsa", str(runs), "-o", str(tmp_path / "back.nc"))
    assert imbalance(pypsa.Network(tmp_path / "back.nc")) < CLOSE
    again = runner.invoke(app, ["export", "pypsa", str(runs), "-o", str(tmp_path / "back.nc")])
    assert again.exit_code == 2
    assert "exists already" in again.output


def test_ai_on_an_imported_network_goes_back_as_load(tmp_path: Path) -> None:
    network = mixture(["growing_units", "links", "ring_of_lines"], seed=3)
    network.snapshot_weightings[:] = 2190.0  # four snapshots for a year
    file = import_pypsa(network, tmp_path / "scenario").file
    run = solve_scenario(load_scenario(with_ai(file, ["a", "b"])), out=tmp_path / "runs")
    assert run.path is not None
    _, plan = reopen(run.path)
    back = export_run(run.path, tmp_path / "back.nc", strict=True).network
    draw = back.c.loads.dynamic.p_set.filter(like=" AI")
    assert draw.sum(axis=1).to_numpy() == pytest.approx([20.0 * 1.25] * 4)  # 20,000 chips of 1 kW at a PUE of 1.25
    assert imbalance(back) < CLOSE
    power_musd = plan.bill_musd["network capacity"] + plan.bill_musd["network running"]
    assert bill(back) == pytest.approx(power_musd * 1e6, rel=CLOSE)
    optimise(network)
    assert power_musd * 1e6 > network.objective + network.objective_constant + 1.0


def test_what_asks_for_sites_or_real_hours_says_so_on_a_network_alone(tmp_path: Path) -> None:
    file = import_pypsa(mixture(["growing_units", "links"], seed=4), tmp_path / "scenario").file
    runner = CliRunner()
    assert runner.invoke(app, ["solve", str(file), "--out", str(tmp_path / "runs")]).exit_code == 0
    (run,) = (tmp_path / "runs").iterdir()
    for command, said in (
        (["ladder", str(run)], "nobody asks for tokens"),
        (["replay", str(run)], "lists its own snapshots"),
        (["time-to-power", str(run)], "no region that may host AI"),
        (["alternatives", str(run)], "no region that may host AI"),
    ):
        done = runner.invoke(app, [*command, *(["--out", str(tmp_path)] if command[0] == "ladder" else [])])
        assert done.exit_code not in (0, 1), done.output
        assert said in " ".join(done.output.split())
    assert runner.invoke(app, ["explain", str(run)]).exit_code == 0
