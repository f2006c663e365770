"""Every help ends in an example, and the examples do what they say."""

import json
import shlex
import shutil

import click
import pytest
import yaml
from tiny import TFIDF, tiny_sentences, write_labels, write_recipe

from pipeline.cli.app import VERBS, stance
from pipeline.tracking.store import Tracker
from pipeline.workflows.training import Order, train


def verbs() -> dict[str, click.Command]:
    """Find every verb and verb of a verb, by its words."""
    found = {}
    with click.Context(stance) as context:
        for name in stance.list_commands(context):
            command = stance.get_command(context, name)
            found[name] = command
            if isinstance(command, click.Group):
                found |= {f"{name} {sub}": one for sub, one in command.commands.items()}
    return found


ALL = verbs()
SERVES = ("ui",)  # runs until it is interrupted; tests/tracking tries its server


def example_of(command: click.Command, words: str) -> str:
    """Read the last line of a command's help: the example."""
    with click.Context(command, info_name=f"stance {words}", max_content_width=80) as context:
        lines = [line.strip() for line in command.get_help(context).splitlines() if line.strip()]
    assert lines[-2] == "Example:", lines
    return lines[-1]


def leaves() -> list[str]:
    return [words for words, command in ALL.items() if not isinstance(command, click.Group)]


def test_there_are_verbs_to_help_with():
    assert len(ALL) >= 7 and set(VERBS) <= set(ALL)


@pytest.mark.parametrize("words", leaves())
def test_the_help_ends_in_an_example_that_parses(words):
    command = ALL[words]
    parts = shlex.split(example_of(command, words))
    assert parts[: 1 + len(words.split())] == ["stance", *words.split()]
    with command.make_context(words, parts[1 + len(words.split()) :]) as context:
        assert context.params or not command.params


@pytest.mark.parametrize("words", list(ALL))
def test_the_help_fits_a_terminal_and_every_option_is_explained(stance, words):
    code, out, err = stance(*words.split(), "--help")
    assert code == 0 and err == "" and out.startswith(f"Usage: stance {words} ")
    assert max(map(len, out.splitlines())) <= 80
    for option in ALL[words].params:
        assert not isinstance(option, click.Option) or option.help, option.name


def test_the_first_help_names_every_verb_and_an_example_that_parses(stance):
    code, out, _ = stance("--help")
    lines = [line.strip() for line in out.splitlines() if line.strip()]
    assert code == 0 and lines[-2] == "Example:"
    verb, *rest = shlex.split(lines[-1])[1:]
    with ALL[verb].make_context(verb, rest) as context:
        assert context.params["files"]
    assert [name for name in VERBS if f"\n  {name} " not in out] == []


@pytest.fixture(scope="module")
def set_up(workshop, tmp_path_factory):
    """Make a project that has what the examples name."""
    root = tmp_path_factory.mktemp("examples")
    labels = write_labels(root / "labels")
    blocks = "".join(f"<!-- {name}:start -->\n<!-- {name}:end -->\n" for name in ("composition", "agreement"))
    (labels / "DATASHEET.md").write_text(f"# Datasheet\n{blocks}")
    for shelved in ("trained/mine", "released/accurate"):
        shutil.copytree(workshop.tiny.folder, root / "models" / shelved)
    for name in ("tfidf", "minilm"):
        write_recipe(root / "models" / f"{name}.yaml", TFIDF)
    shutil.copytree(workshop.small.folder, root / "models" / "trained" / "mpnet")
    smaller = {"matrices": "int8-rows", "embeddings": "int8", "reduce_range": True}
    encoder = yaml.safe_load((workshop.root / "models" / "small.yaml").read_text()) | {"quantise": smaller}
    (root / "models" / "mpnet.yaml").write_text(yaml.safe_dump(encoder))
    (root / "briefing.md").write_text("# Talks\n\nTalks remain the better road. The fleet must answer force.\n")
    gold = [{"text": text, "labels": [kind] if kind in ("hawk", "dove") else []} for kind, text in tiny_sentences()]
    (root / "gold.jsonl").write_text("".join(json.dumps(record) + "\n" for record in gold))
    with pytest.MonkeyPatch.context() as patch:
        patch.delenv("MLFLOW_TRACKING_URI", raising=False)
        train(Order(root / "models" / "tfidf.yaml", labels, root / "models" / "trained" / "tfidf"), Tracker(root))
    spec = {
        "kind": "comparison",
        "name": "peers",
        "question": "?",
        "hypothesis": "!",
        "recipes": ["tfidf.yaml"],
        "seeds": [3],
        "metric": "macro_f1",
        "stopping_rule": "once",
        "leave_one_source_out": False,
        "cross_validation": 0,
        "away_seeds": 1,
        "behaviour": False,
        "publish": False,
    }
    (root / "experiments").mkdir()
    (root / "experiments" / "peers.yaml").write_text(yaml.safe_dump(spec))
    (root / "README.md").write_text("<!-- leaderboard:start -->\n<!-- leaderboard:end -->\n")
    return root


@pytest.mark.parametrize("words", [words for words in leaves() if words not in SERVES])
def test_the_example_runs_as_it_is_printed(set_up, stance, monkeypatch, words):
    monkeypatch.chdir(set_up)
    monkeypatch.delenv("MLFLOW_TRACKING_URI", raising=False)
    if words.startswith("experiment "):
        assert (set_up / "experiments" / "peers.yaml").is_file()
    code, out, err = stance(*shlex.split(example_of(ALL[words], words))[1:])
    assert code == 0, err
    assert out or err
