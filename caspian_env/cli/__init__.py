"""The command line: a thin face on workflows and queries."""

from __future__ import annotations

import sys
from collections.abc import Sequence


def main(arguments: Sequence[str] | None = None) -> None:
    """Run ``caspian-env``; expected errors are one line on standard error and exit code 1, or 2 for a wrong call."""
    from caspian_env.cli import asking, running  # noqa: F401  # they add their commands to the app
    from caspian_env.cli.options import app
    from caspian_env.errors import CaspianError, SettingsError

    try:
        app(args=_spread(list(sys.argv[1:] if arguments is None else arguments)), prog_name="caspian-env")
    except SettingsError as error:
        _fail(str(error), 2)
    except CaspianError as error:
        _fail(str(error), 1)
    except BrokenPipeError:  # the reader of our output has had enough, e.g. `| head`
        sys.stderr.close()
        sys.exit(0)


def _spread(arguments: list[str]) -> list[str]:
    """``--only A B C`` as ``--only A --only B --only C``: the option takes one or more names."""
    spread: list[str] = []
    after_only = False
    for argument in arguments:
        if argument.startswith("-"):
            after_only = argument == "--only"
            spread.append(argument)
            continue
        if after_only and spread[-1] != "--only":
            spread.append("--only")
        spread.append(argument)
    return spread


def _fail(message: str, code: int) -> None:
    sys.stderr.write(f"caspian-env: {message}\n")
    sys.exit(code)
