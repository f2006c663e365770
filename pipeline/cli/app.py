"""The door: find the verb, load only its file, and turn errors into messages."""

import importlib
import os
import signal
import sys
from types import FrameType
from typing import Any

import click

from pipeline import __version__
from pipeline.ground.errors import StanceError

VERBS = {
    "train": "train a model from a recipe and track it",
    "score": "score documents, sentence by sentence",
    "sentences": "show what the reader sees in a document",
    "evaluate": "judge a model on labelled sentences",
    "experiment": "run recipes side by side and write the leaderboard",
    "compare": "line up tracked runs and tell which differences are real",
    "models": "list, show, verify and promote models",
    "labels": "check the labelled sentences and their splits",
    "ui": "open the MLflow UI on the local store",
}
MODULES = {"evaluate": "evaluation"}  # a file named evaluate.py would shadow the library of that name


class Verbs(click.Group):
    """Load a verb's file only when it is called, so that `--help` stays quick."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """List the verbs in the order a user meets them."""
        return list(VERBS)

    def get_command(self, ctx: click.Context, cmd_name: str) -> click.Command | None:
        """Import the verb's file; None for a word that is no verb."""
        if cmd_name not in VERBS:
            return None
        command: click.Command = importlib.import_module(f"pipeline.cli.{MODULES.get(cmd_name, cmd_name)}").command
        return command

    def format_commands(self, ctx: click.Context, formatter: click.HelpFormatter) -> None:
        """Print the verbs from the table above, loading none of them."""
        with formatter.section("Commands"):
            formatter.write_dl(list(VERBS.items()))

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """Answer a misspelt verb with the nearest one."""
        if args and args[0] not in VERBS and not args[0].startswith("-"):
            from pipeline.ground.config import did_you_mean

            raise click.UsageError(f"no command {args[0]!r}; {did_you_mean(args[0], list(VERBS))}", ctx)
        return super().resolve_command(ctx, args)


EPILOG = """\b
Example:
  stance score briefing.md
"""


@click.command(
    cls=Verbs, epilog=EPILOG, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 80}
)
@click.version_option(__version__, prog_name="stance")
def stance() -> None:
    """Find where a diplomatic text hopes, where it warns, and what it asks for."""


def complain(error: StanceError) -> None:
    """Print an error and its hint on stderr."""
    click.echo(click.style("error: ", fg="red", bold=True) + error.message, err=True)
    if error.hint:
        click.echo("\n" + click.style("hint: ", bold=True) + error.hint, err=True)


def _terminate(_signal: int, _frame: FrameType | None) -> None:
    raise KeyboardInterrupt


def main(argv: list[str] | None = None) -> Any:
    """Run one command; exit 2 for what the user can mend, 130 for an interruption."""
    os.environ.setdefault("HF_HUB_DISABLE_TELEMETRY", "1")
    os.environ.setdefault("PYDANTIC_DISABLE_PLUGINS", "__all__")  # else it reads what every installed package says
    signal.signal(signal.SIGTERM, _terminate)
    try:
        sys.exit(stance.main(args=argv, prog_name="stance", standalone_mode=False) or 0)
    except StanceError as error:
        complain(error)
        sys.exit(2)
    except click.ClickException as error:
        error.show()
        sys.exit(error.exit_code)
    except (KeyboardInterrupt, click.Abort):
        click.echo(
            "\ninterrupted: nothing half-written was left behind; the same command takes up what was finished", err=True
        )
        sys.exit(130)
    except BrokenPipeError:
        sys.stderr.close()
        sys.exit(141)
