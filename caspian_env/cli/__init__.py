"""The command line: a thin face on workflows and queries."""

from __future__ import annotations

import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module

# Importing them adds their commands to the app.
COMMANDS = (
    "alerting", "asking", "catalogue", "database", "gridded", "keeping", "operating", "quality", "running", "tracing",
)  # fmt: skip


def main(arguments: Sequence[str] | None = None) -> None:
    """Run ``caspian-env``; expected errors are one line on standard error and exit code 1, or 2 for a wrong call."""
    for name in COMMANDS:
        import_module(f"caspian_env.cli.{name}")
    from caspian_env.cli.options import app
    from caspian_env.errors import CaspianError, SettingsError

    words = _spread(list(sys.argv[1:] if arguments is None else arguments))
    try:
        with _orderly_end_on_sigterm():
            app(args=words, prog_name="caspian-env")
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


@contextmanager
def _orderly_end_on_sigterm() -> Iterator[None]:
    """Let a request to stop unwind the work like an error, so that the ledger says what happened to the run."""
    import signal
    from threading import current_thread, main_thread

    def stop(_signal: int, _frame: object) -> None:
        raise SystemExit("caspian-env: stopped by SIGTERM")

    if current_thread() is not main_thread() or signal.getsignal(signal.SIGTERM) is not signal.SIG_DFL:
        yield  # whoever called us has arrangements of their own
        return
    signal.signal(signal.SIGTERM, stop)
    try:
        yield
    finally:
        signal.signal(signal.SIGTERM, signal.SIG_DFL)


def _fail(message: str, code: int) -> None:
    sys.stderr.write(f"caspian-env: {message}\n")
    sys.exit(code)
