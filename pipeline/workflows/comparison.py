"""Put recipes and peers side by side: train each at every seed, judge it away from home, tell what differs."""

from collections.abc import Callable
from dataclasses import dataclass, field
from functools import partial
from typing import Any

from pipeline.corpus.cases import load_suite
from pipeline.corpus.claims import Suite
from pipeline.ground.errors import PeerError
from pipeline.ground.records import Estimate
from pipeline.judging.behaviour import behaviour_metrics, judge_behaviour
from pipeline.judging.compare import Difference, differences, resample_models
from pipeline.judging.verdicts import BehaviourReport
from pipeline.learning.encoders import check_encoders
from pipeline.learning.learners import PeerLearner
from pipeline.learning.peer_environment import environment
from pipeline.learning.recipes import Recipe
from pipeline.workflows.away import Part, cross_validate, leave_one_source_out, mean, spread
from pipeline.workflows.bench import Bench, Step
from pipeline.workflows.entrants import Answers, answer, is_peer, is_trained, program_hash, train_ours, train_peer
from pipeline.workflows.spec import Comparison

Result = dict[str, Any]


@dataclass(frozen=True, slots=True)
class Row:
    """One recipe at one seed: what made it, and every figure of it.

    `failed` says why there is none, `stayed` why there is none from away.
    """

    recipe: str
    seed: int
    made_by: dict[str, str]
    figures: dict[str, float]
    parts: dict[str, Part]
    behaviour: BehaviourReport | None = None
    failed: str = ""
    stayed: str = ""


@dataclass(frozen=True, slots=True)
class Compared:
    """All rows, each recipe's macro-F1 over its seeds with an interval, and the difference of every pair."""

    rows: tuple[Row, ...]
    macro_f1: dict[str, Estimate]
    differences: tuple[Difference, ...]
    sentences: int
    documents: int

    def of(self, recipe: str) -> list[Row]:
        """List the rows of a recipe that have figures."""
        return [row for row in self.rows if row.recipe == recipe and not row.failed]

    @property
    def recipes(self) -> list[str]:
        """Name the recipes in the order of the specification."""
        return list(dict.fromkeys(row.recipe for row in self.rows))


@dataclass(slots=True)
class Contest:
    """The bench with what this comparison asks, and who has dropped out of it."""

    bench: Bench
    spec: Comparison
    recipes: dict[str, Recipe]
    suite: Suite | None
    failed: dict[str, str] = field(default_factory=dict)

    @property
    def texts(self) -> tuple[str, ...]:
        """List what the behavioural cases ask; nothing where the specification leaves them out."""
        return self.suite.texts if self.suite else ()

    def may(self, recipe: Recipe, work: Callable[[], Any]) -> Any:
        """Do what a peer may fail at; a failure drops the peer and lets the others go on."""
        if recipe.name in self.failed:
            return None
        try:
            return work()
        except PeerError as error:
            self.failed[recipe.name] = error.message
            self.bench.progress.say(f"{recipe.name} drops out: {error.message}")
            return None


def run_comparison(spec: Comparison, recipes: dict[str, Recipe], bench: Bench) -> Compared:
    """Install, train, judge and compare; `recipes` has file names as keys.

    Environments come first, then all trainings, so that the seconds they report are not disturbed by what follows.
    """
    contest = open_contest(spec, recipes, bench)
    for recipe in recipes.values():
        check_encoders(recipe, bench.project.models, bench.progress)
    for file, recipe in recipes.items():
        if isinstance(recipe.learner, PeerLearner) and _has_to_run(contest, file):
            contest.may(recipe, partial(environment, recipe.learner, bench.project.models, bench.progress))
    turns = [(file, seed) for file in recipes for seed in spec.seeds]
    results = {turn: contest.may(recipes[turn[0]], partial(bench.do, train_step(contest, *turn))) for turn in turns}
    rows = [_row(contest, file, seed, results[file, seed]) for file, seed in turns]
    judged = {
        recipe.name: [
            Answers.read(results[file, seed]["test"]).on(bench.split.test, bench)
            for seed in spec.seeds
            if results[file, seed] and recipe.name not in contest.failed
        ]
        for file, recipe in recipes.items()
    }
    resampled = resample_models({name: runs for name, runs in judged.items() if runs})
    estimates = {name: found.estimate for name, found in resampled.items()}
    test = bench.split.test
    documents = len({example.doc for example in test})
    return Compared(tuple(rows), estimates, tuple(differences(resampled)), len(test), documents)


def open_contest(spec: Comparison, recipes: dict[str, Recipe], bench: Bench) -> Contest:
    """Read what the comparison needs beside the bench."""
    suite = load_suite(bench.project.labels, bench.corpus.codebook) if spec.behaviour else None
    return Contest(bench, spec, recipes, suite)


def comparison_steps(spec: Comparison, recipes: dict[str, Recipe], bench: Bench) -> list[Step]:
    """List every step a comparison takes, in the order it takes them."""
    contest = open_contest(spec, recipes, bench)
    turns = [(file, seed) for file in recipes for seed in spec.seeds]
    steps = [train_step(contest, *turn) for turn in turns]
    for file, seed in turns:
        steps += away_steps(contest, recipes[file], seed).values()
        steps += behaviour_steps(contest, recipes[file], seed, bench.kept(train_step(contest, file, seed)))
    return steps


def _has_to_run(contest: Contest, file: str) -> bool:
    """Tell whether a recipe has a step to do, for which a peer needs its environment."""
    bench, recipe = contest.bench, contest.recipes[file]
    steps = [train_step(contest, file, seed) for seed in contest.spec.seeds]
    steps += [step for seed in contest.spec.seeds for step in away_steps(contest, recipe, seed).values()]
    return bench.force or any(bench.kept(step) is None for step in steps)


def train_step(contest: Contest, file: str, seed: int) -> Step:
    """Train one entrant at one seed; what a peer says of the behavioural cases is asked at once."""
    bench, recipe = contest.bench, contest.recipes[file]
    texts = contest.texts
    if is_peer(recipe):
        work = partial(train_peer, bench, recipe, seed, texts)
        return Step("train", recipe, seed, work, {"behaviour": list(texts), "program": program_hash(recipe)})
    ours = partial(train_ours, bench, recipe, file, seed)
    return Step("train", recipe, seed, ours, intact=partial(is_trained, bench, recipe, seed))


def away_steps(contest: Contest, recipe: Recipe, seed: int) -> dict[str, Step]:
    """Judge a recipe away from home as the specification asks."""
    bench, spec = contest.bench, contest.spec
    steps: dict[str, Step] = {}
    if seed not in spec.seeds[: spec.away_seeds]:
        return steps
    if spec.leave_one_source_out:
        work = partial(leave_one_source_out, recipe, bench.setting(seed), bench.split)
        steps["loso"] = Step("loso", recipe, seed, work)
    if spec.cross_validation:
        folded = partial(cross_validate, recipe, bench.setting(seed), bench.split, spec.cross_validation)
        steps["cv"] = Step("cv", recipe, seed, folded, {"folds": spec.cross_validation})
    return steps


def behaviour_steps(contest: Contest, recipe: Recipe, seed: int, trained: Result | None) -> list[Step]:
    """Let a trained model of ours answer the behavioural cases; a peer was asked when it was trained."""
    if contest.suite is None or is_peer(recipe):
        return []
    work = partial(answer, contest.bench, recipe, seed, contest.texts)
    inputs = {"behaviour": list(contest.texts), "model": trained["model"] if trained else None}
    return [Step("behaviour", recipe, seed, work, inputs)]


def _row(contest: Contest, file: str, seed: int, result: Result | None) -> Row:
    """Judge a trained entrant away from home; join its figures, and add the later ones to its MLflow run."""
    bench, recipe = contest.bench, contest.recipes[file]
    if result is None or recipe.name in contest.failed:
        return Row(recipe.name, seed, {}, {}, {}, failed=contest.failed[recipe.name])
    away, stayed = _away(contest, recipe, seed)
    figures, parts = dict(result["figures"]), dict[str, Part]()
    for kind, by_part in away.items():
        figures |= {f"{kind}_macro_f1": mean(by_part), f"{kind}_macro_f1_sd": spread(by_part)}
        figures |= {f"{kind}_f1_{name}": mean(by_part, f"f1_{name}") for name in bench.corpus.codebook.names}
        parts |= {f"{kind}/{part}": value for part, value in by_part.items()}
    behaviour = _behaviour(contest, recipe, seed, result)
    figures |= behaviour_metrics(behaviour) if behaviour else {}
    added = {name: value for name, value in figures.items() if name not in result["figures"]}
    flat = {f"{part}/{figure}": value for part, values in parts.items() for figure, value in values.items()}
    bench.tracker.add_metrics(result["made_by"]["run"], added | flat)
    return Row(recipe.name, seed, result["made_by"], figures, parts, behaviour, stayed=stayed)


def _away(contest: Contest, recipe: Recipe, seed: int) -> tuple[dict[str, dict[str, Part]], str]:
    """Do what is done away from home; where a peer fails at it, its figures from home stand, with the reason."""
    done: dict[str, dict[str, Part]] = {}
    try:
        for kind, step in away_steps(contest, recipe, seed).items():
            if by_part := contest.bench.do(step):
                done[kind] = by_part
    except PeerError as error:
        contest.bench.progress.say(f"{recipe.name} stays at home: {error.message}")
        return done, error.message
    return done, ""


def _behaviour(contest: Contest, recipe: Recipe, seed: int, result: Result) -> BehaviourReport | None:
    """Judge what an entrant says of the behavioural cases."""
    if contest.suite is None:
        return None
    steps = behaviour_steps(contest, recipe, seed, result)
    said = [contest.bench.do(step) for step in steps] or [result["behaviour"]]
    answers = Answers.read(said[0])
    return judge_behaviour(contest.suite, answers.probabilities, answers.predicted)
