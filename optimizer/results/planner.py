"""A planner: one scenario, compiled once, solved for several questions.

    least_cost(path)   serve the demand of a path at least cost; what costs more than users pay leaves
    most_tokens()      first the largest scale of one fixed mix, then the cheapest plan of that scale (lexicographic)
    without_ai()       the power system alone, for what AI adds to the bill

The questions differ in right-hand sides, bounds and the objective only, so each is an edit of one LP and a re-solve.
"""

from __future__ import annotations

import time
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from functools import cached_property
from typing import TYPE_CHECKING, Any, Literal

import numpy as np

from optimizer.instance.build import Prepared, prepare
from optimizer.instance.network import cost_doublings
from optimizer.model.formulation import formulation
from optimizer.results.answer import Answer
from optimizer.scenario.network_checks import kind_of_network
from optimizer.solve.case import Case
from optimizer.solve.certificate import evaluate
from optimizer.solve.errors import SolveError
from optimizer.solve.options import SolverOptions
from optimizer.solve.session import Memory, Solution

from .no_plan import NoPlanError, explained

if TYPE_CHECKING:
    from optimizer.instance.instance import Instance
    from optimizer.model.room import Formulation
    from optimizer.scenario.scenario import Scenario
    from optimizer.solve.engine import Progress
    from optimizer.solve.linear_program import LinearProgram

Via = Literal["arrays", "pyomo"]
Report = Callable[["str | Progress"], None]


@dataclass(frozen=True)
class Plan:
    """A certified answer to one question.

    ``price_unit`` is what the duals are in: MUSD, or Ptok in the first stage of most_tokens.
    """

    question: str
    scenario: Scenario
    instance: Instance
    lp: LinearProgram
    solution: Solution
    price_unit: str = "MUSD"
    tokens: Plan | None = None  # most_tokens: the first stage, whose duals are in tokens
    start: Memory | None = None  # where it was kept: the basis from which the same question may be asked again

    def value(self, decision: str) -> np.ndarray:
        """A decision's values in their full shape."""
        return self.lp.column_values(decision, self.solution.x)

    def dual(self, limit: str) -> np.ndarray:
        """A limit's duals in their full shape, zero where there is no row."""
        return np.nan_to_num(self.lp.row_values(limit, self.solution.y))

    def reduced_cost(self, decision: str) -> np.ndarray:
        """A decision's reduced costs in their full shape."""
        return self.lp.column_values(decision, self.solution.z)

    def param(self, name: str) -> np.ndarray:
        return self.instance.params[name]

    def position(self, set_name: str) -> dict[Any, int]:
        return {label: i for i, label in enumerate(self.instance.sets[set_name])}

    @cached_property
    def bill_musd(self) -> dict[str, float]:
        """Present value of each cost part, MUSD."""
        return {
            part: float(vector @ self.solution.x[: self.lp.num_col]) + self.lp.cost_offset.get(part, 0.0)
            for part, vector in self.lp.costs.items()
        }


def _held(values: np.ndarray) -> np.ndarray:
    """Bounds that keep what is short where it is, with room for the solver's tolerance."""
    return np.where(values > 1e-6, values * (1.0 + 1e-6) + 1e-3, 0.0)


@dataclass
class Planner:
    """Compiles a scenario and answers questions about it. ``timings_s`` collects the seconds of each stage.

    Where there is no plan, the SolveError is a NoPlanError that says why; ``iis`` adds an irreducible conflict to it.
    """

    scenario: Scenario
    via: Via = "arrays"
    options: SolverOptions | None = None
    report: Report | None = None
    iis: bool = False
    timings_s: dict[str, float] = field(default_factory=dict)

    def __post_init__(self) -> None:
        self.say("reading weather, plants and demand")
        self.prepared: Prepared = self._timed("arrays", lambda: prepare(self.scenario))
        self.formulation: Formulation = formulation()
        self._timed("check", lambda: self.prepared.instance.check(self.formulation))
        settings = self.scenario.solver
        self.options = self.options or SolverOptions(
            solver=settings.solver, threads=settings.threads, tolerance=settings.tolerance,
            time_limit_s=settings.time_limit_s, seed=settings.seed, crossover=settings.crossover,
            network=kind_of_network(self.scenario), cost_doublings=cost_doublings(self.prepared.instance),
        )  # fmt: skip
        self.say("compiling")
        self.case: Case = self._timed("compile", self._new_case)
        self.lp: LinearProgram = self.case.lp  # of the scenario as it was written

    def solve(self) -> Plan:
        """The question that the scenario asks."""
        return self.most_tokens() if self.scenario.objective.goal == "most_tokens" else self.least_cost()

    def least_cost(self, path: str | None = None) -> Plan:
        """Serve a demand path at least cost. The scenario's own path where none is named."""
        changes = {} if path is None or path == self.scenario.demand.path else self.prepared.demand_path(path)
        question = f"least_cost:{path or self.scenario.demand.path}"
        return self._answer(question, self.prepared.instance.replace(**changes), self.lp.cost, self.lp.offset)

    def largest_scale(self) -> Plan:
        """The first stage of `most_tokens`: the largest scale of the fixed mix, with what is short held where it is."""
        base = self.prepared.instance
        if not base.sets["stream"]:
            raise SolveError(
                "unknown", "nobody asks for tokens in this scenario (demand.workload_list), so none can be made"
            )
        free = self._without_demand() | {"scale_max": np.full(len(base.sets["period"]), np.inf)}
        probe = self._answer("most_tokens:what is short", base.replace(**free), self._tokens_objective(), 0.0, "Ptok")
        shed, short = probe.value("load_shed"), probe.value("reserve_shortfall")
        free |= {"shortfall_max_mw": _held(short), "shed_max_mw": _held(shed)}
        goal = -self.lp.goals["tokens"]
        first = self._answer("most_tokens:scale", base.replace(**free), goal, 0.0, "Ptok", near=True)
        return replace(first, start=self.case.session.memory())

    def most_tokens(self) -> Plan:
        """The largest scale of the fixed mix, then the cheapest plan of that scale."""
        first = self.largest_scale()
        instance = first.instance
        reached = float(self.lp.goals["tokens"] @ first.solution.x[: self.lp.num_col])
        floor = (1.0 - self.scenario.objective.tokens_tolerance) * reached
        second = self._answer("most_tokens", instance.replace(tokens_floor=floor), self.lp.cost, self.lp.offset)
        return Plan("most_tokens", self.scenario, second.instance, second.lp, second.solution, "MUSD", first)

    def without_ai(self) -> Plan:
        """The power system with no request to serve: chips are off and ask for no reserve, everything else stays."""
        params = self.prepared.instance.params
        standing = params["standing_firm_load_mw"]
        gap = params["reserve_gap_mw"].copy()
        hosts = {h: i for i, h in enumerate(self.prepared.instance.sets["host"])}
        for z, members in enumerate(self.prepared.instance.relations["hosts_in_zone"].values()):
            for host in members:
                gap[z] -= params["reserve_margin_factor"][z] * standing[hosts[host]]
        gone = {name: np.zeros_like(params[name]) for name in ("chip_stock", "chips_max")}
        changes = self._without_demand() | {"reserve_gap_mw": gap} | gone
        return self._answer("without_ai", self.prepared.instance.replace(**changes), self.lp.cost, self.lp.offset)

    def ask_again(self, plan: Plan, question: str, changes: Mapping[str, np.ndarray]) -> Plan:
        """The question of a plan with whole parameters replaced by name: the same objective, everything else as it was.

        Where the plan has a ``start`` and nothing is changed, the solve begins there and later ones may go back to it.
        Nothing is reported: who asks often says so once. Raises SolveError.
        """
        cost, offset = self.objective_of(plan)
        if plan.start is not None and not changes:
            self.case.become(plan.instance)
            self.case.aim(cost, offset)
            self.case.session.recall(plan.start)
        return self._answer(question, plan.instance.replace(**changes), cost, offset, plan.price_unit, quiet=True)

    def objective_of(self, plan: Plan) -> tuple[np.ndarray, float]:
        """What a plan minimises: minus the tokens, or the bill. Cost vector (num_col,) and the constant part."""
        return (-self.lp.goals["tokens"], 0.0) if plan.price_unit == "Ptok" else (self.lp.cost, self.lp.offset)

    def answers(self, plan: Plan) -> tuple[Answer, ...]:
        """A plan as vectors to be kept, the first stage of most_tokens before the second.

        The basis is that of the session's last solve, so the plan has to be the last one.
        """
        memory = self.case.session.memory()
        own = self.prepared.instance.params
        kept = [] if plan.tokens is None else [plan.tokens]
        return tuple(
            Answer(
                question=one.question,
                unit=one.price_unit,
                x=one.solution.x[: one.lp.num_col],
                y=one.solution.y[: one.lp.num_row],
                params={n: v for n, v in one.instance.params.items() if not np.array_equal(v, own[n])},
                basis_columns=None if memory is None or one is not plan else memory.columns,
                basis_rows=None if memory is None or one is not plan else memory.rows,
                cold_seconds=0.0 if memory is None else memory.cold_seconds,
            )
            for one in [*kept, plan]
        )

    def restore(self, answer: Answer, tokens: Plan | None = None) -> Plan:
        """The plan of an answer that was kept: the LP is edited to it, the vectors are certified, nothing is solved.

        ``tokens`` is the first stage of a plan for most tokens. ValueError where the vectors are no certified plan.
        """
        instance = self.prepared.instance.replace(**answer.params)
        self._timed("compile", lambda: self.case.become(instance))
        lp = self.case.lp
        cost, offset = (lp.cost, lp.offset) if answer.unit == "MUSD" else (-lp.goals["tokens"], 0.0)
        self.case.aim(cost, offset)
        assert self.options is not None
        found = evaluate(lp, cost, answer.x, answer.y, offset=offset, tolerance=self.options.certificate_tolerance)
        if not found.certificate.passed:
            raise ValueError(f"its plan is not certified: {'; '.join(found.certificate.faults)}")
        if answer.basis_columns is not None and answer.basis_rows is not None:
            self.case.session.recall(Memory(answer.basis_columns, answer.basis_rows, answer.cold_seconds))
        solution = Solution(
            "optimal", found.certificate.primal_objective, answer.x, found.row_activity, answer.y, found.z,
            found.certificate, {"road": "kept", "why": "the plan of a stored run"},
        )  # fmt: skip
        return Plan(answer.question, self.scenario, instance, lp, solution, answer.unit, tokens)

    def _without_demand(self) -> dict[str, np.ndarray]:
        params = self.prepared.instance.params
        return {name: np.zeros_like(params[name]) for name in ("demand", "unserved_max")}

    def _tokens_objective(self) -> np.ndarray:
        """Minus the tokens, plus a charge on load shed and missing reserve that no gain in tokens can repay.

        One MW-year makes at most the tokens of the best chip, so four times that is an exact penalty: the least that is
        short comes first. The next solve then holds shed and shortfall there, so that AI never grows by shedding other
        load or by leaning on reserve that is not there, and its prices hold no penalty.
        """
        instance = self.prepared.instance
        hours, kw = instance.params["chip_hours"], instance.params["it_kw"]
        per_mwh = (
            np.divide(1.0, hours * kw[None, :, None], out=np.zeros_like(hours), where=hours > 0).max() * 1e-3
        )  # Ptok/MWh
        cost = -self.lp.goals["tokens"].copy()
        weight = instance.params["discount"][:, None] * instance.params["hours"][None, :]
        self._charge(cost, "load_shed", 4.0 * per_mwh * weight[None, :, :])
        self._charge(cost, "reserve_shortfall", 4.0 * per_mwh * 8760.0 * instance.params["discount"][None, :])
        return cost

    def _charge(self, cost: np.ndarray, decision: str, price: np.ndarray) -> None:
        block = self.lp.columns[decision]
        cost[block.span] += np.broadcast_to(price, block.shape).ravel()

    def _answer(
        self,
        question: str,
        instance: Instance,
        cost: np.ndarray,
        offset: float,
        unit: str = "MUSD",
        near: bool = False,
        quiet: bool = False,
    ) -> Plan:
        """Edit the LP to an instance, solve, and wrap the plan. ``near``: the last plan is almost this one."""
        if not quiet:
            self.say(f"solving {question.replace('_', ' ').replace(':', ', ')}")
        self._timed("compile", lambda: self.case.become(instance))
        start = time.perf_counter()
        self.case.aim(cost, offset)
        solution = self._solve(near)
        self.timings_s[f"solve {question}"] = time.perf_counter() - start
        return Plan(question, self.scenario, instance, self.case.lp, solution, unit)

    def _solve(self, near: bool) -> Solution:
        """A solve of the case; where there is no plan, the error says why.

        The relaxation proves that there is none, so a suspicion is enough to ask it; only where it finds nothing wrong
        is the suspicion checked.
        """
        try:
            return self.case.solve(near=near, sure=False)
        except SolveError as error:
            if error.reason not in ("infeasible", "unbounded"):
                raise
            self.say("no plan: looking for what would have to give way")
            found = explained(error, self.case, self.iis)
            if error.statistics.get("suspected") and not isinstance(found, NoPlanError):
                return self.case.solve(near=near)
            raise found from error

    def _new_case(self) -> Case:
        """The case, compiled by the road that was asked for."""
        return Case(
            self.formulation,
            self.prepared.instance,
            self.options,
            self.report,
            None if self.via == "arrays" else self._by_pyomo,
        )

    def _by_pyomo(self, instance: Instance) -> LinearProgram:
        from optimizer.solve.compile.pyomo_road import compile_lp_by_pyomo  # here: it takes a tenth of a second to load

        return compile_lp_by_pyomo(self.formulation, instance)

    def _timed(self, stage: str, work: Callable[[], Any]) -> Any:
        start = time.perf_counter()
        result = work()
        self.timings_s[stage] = self.timings_s.get(stage, 0.0) + time.perf_counter() - start
        return result

    def say(self, text: str) -> None:
        """Report a stage, where anybody listens."""
        if self.report is not None:
            self.report(text)


def open_case(scenario: Scenario | str) -> Case:
    """A scenario compiled at least cost, to be edited parameter by parameter and solved again and again.

    Takes a scenario, a shipped name or a file. Raises ScenarioErrors for a scenario that is not valid.
    """
    if isinstance(scenario, str):
        from optimizer.scenario.load import load_scenario

        scenario = load_scenario(scenario)
    return Planner(scenario).case
