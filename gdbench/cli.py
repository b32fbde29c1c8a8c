"""The command `gdbench`: verbs that are imported when they are asked for, and errors in one sentence."""

from __future__ import annotations

from difflib import get_close_matches
from importlib import import_module
from typing import Any

import click

from gdbench.errors import BadInput

VERBS = ("run", "report", "compare", "audit", "hunt", "list", "info", "bound", "export")
INTERRUPTED = 130


class _Refused(click.ClickException):
    """Bad input: one sentence, exit status 2."""

    exit_code = 2


class Verbs(click.Group):
    """A group whose verbs are modules of `gdbench.verbs`."""

    def list_commands(self, ctx: click.Context) -> list[str]:
        """The names of the verbs."""
        del ctx
        return list(VERBS)

    def get_command(self, ctx: click.Context, name: str) -> click.Command | None:
        """Import a verb."""
        del ctx
        if name not in VERBS:
            return None
        command: click.Command = import_module(f"gdbench.verbs.{name}").command
        return command

    def resolve_command(
        self, ctx: click.Context, args: list[str]
    ) -> tuple[str | None, click.Command | None, list[str]]:
        """As click does; a misspelt verb is answered with the nearest one."""
        if args and not args[0].startswith("-") and args[0] not in VERBS:
            close = get_close_matches(args[0], VERBS, n=1, cutoff=0.5)
            hint = f"did you mean {close[0]!r}?" if close else f"the verbs are {', '.join(VERBS)}."
            ctx.fail(f"There is no verb {args[0]!r}: {hint}")
        return super().resolve_command(ctx, args)

    def invoke(self, ctx: click.Context) -> Any:
        """Call the verb; bad input and Ctrl-C end in one line."""
        try:
            return super().invoke(ctx)
        except BadInput as error:
            raise _Refused(str(error)) from error
        except KeyboardInterrupt as interrupt:
            finished = getattr(interrupt, "finished", 0)
            kept = f"{finished} finished runs are kept; the same command goes on from there." if finished else ""
            click.echo(f"Interrupted. {kept}".strip(), err=True)
            ctx.exit(INTERRUPTED)


def _version(ctx: click.Context, _parameter: click.Parameter, wanted: bool) -> None:
    if wanted:
        from gdbench import __version__

        click.echo(f"gdbench {__version__}")
        ctx.exit()


@click.group(cls=Verbs, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 120})
@click.option("--version", is_flag=True, callback=_version, expose_value=False, is_eager=True, help="Say which it is.")
def main() -> None:
    """Gradient methods on certified problems, a verdict for every claim.

    Exit status: 0 all is as expected, 1 something is not, 2 bad input.
    """
