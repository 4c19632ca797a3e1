"""The command line: a thin face on workflows and queries."""

from __future__ import annotations

import gc
import logging
import sys
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from importlib import import_module
from pathlib import Path

# Importing them adds these commands to the app; a call that names one of them waits for no other's module.
COMMANDS = {
    "alerting": ("alerts",),
    "asking": ("indicators", "series", "indicator", "sql"),
    "catalogue": ("datasets",),
    "database": ("db",),
    "exchanging": ("export",),
    "gridded": ("cube",),
    "keeping": ("archive", "db"),
    "operating": ("freshness", "doctor", "plan", "backfill"),
    "reporting": ("report",),
    "freezing": ("report",),
    "projected": ("projections",),
    "promised": ("targets", "commitments"),
    "publishing": ("report",),
    "quality": ("qc",),
    "regional": ("region",),
    "running": ("init", "run", "ingest", "compute"),
    "tracing": ("explain", "revisions"),
    "trending": ("trend",),
}

# Commands that answer in an instant from what the catalog knows.
INSTANT = frozenset({
    "alerts", "datasets", "doctor", "explain", "freshness", "indicator", "indicators", "plan", "report list", "revisions",
    "series", "sql", "targets",
})  # fmt: skip

INTERRUPTED = 130  # the code of a command that Ctrl-C has ended


def main(arguments: Sequence[str] | None = None, *, as_a_service: bool = False) -> None:
    """Run ``caspian-env``; expected errors are one line on standard error and exit code 1, or 2 for a wrong call.

    As a part of a service its logs tell all that a summary would.
    """
    words = _spread(list(sys.argv[1:] if arguments is None else arguments))
    with _seldom_collected(words):
        _run(words, as_a_service=as_a_service)


def _run(words: list[str], *, as_a_service: bool) -> None:
    for name in [name for name, commands in COMMANDS.items() if words[:1] and words[0] in commands] or COMMANDS:
        import_module(f"caspian_env.cli.{name}")
    from caspian_env.cli.options import app
    from caspian_env.cli.streams import drop, whole_output
    from caspian_env.errors import CaspianError, SettingsError

    as_json, answers_are_logs = _set_up_logs(words, as_a_service=as_a_service)
    try:
        with _orderly_end_on_sigterm(), whole_output():
            app(args=words, prog_name="caspian-env")
    except SystemExit as end:
        if end.code == INTERRUPTED:
            _tell("stopped; what was written is whole and stays, and the same command does the rest", answers_are_logs)
        raise
    except SettingsError as error:
        _fail(str(error), 2, answers_are_logs)
    except CaspianError as error:
        _fail("\n".join([str(error), *getattr(error, "__notes__", ())]), 1, answers_are_logs)
    except BrokenPipeError:  # the reader of our output has had enough, e.g. `| head`
        drop(sys.stdout)
        sys.exit(0)
    except Exception as error:
        if not as_json:
            raise
        logging.getLogger(__name__).critical("unexpected error: %s: %s", type(error).__name__, error, exc_info=error)
        sys.exit(1)


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
def _seldom_collected(words: Sequence[str]) -> Iterator[None]:
    """Let an instant command look for cyclic garbage seldom: its libraries and seeds are none, and a sixth of its time."""
    usual = gc.get_threshold()
    if INSTANT.intersection((*words[:1], " ".join(words[:2]))):
        gc.set_threshold(50_000, *usual[1:])
    try:
        yield
    finally:
        gc.set_threshold(*usual)


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


def _set_up_logs(words: Sequence[str], *, as_a_service: bool) -> tuple[bool, bool]:
    """Logs as the settings want them; wrong settings are told by the command that needs them.

    Returns whether the logs are JSON, and whether the line that says why a command failed is one of them: as a part of
    a service, and where JSON was asked for. Else it is an answer to whoever called, terminal or not.
    """
    from caspian_env.errors import CaspianError
    from caspian_env.logs import AUTO, JSON, log_to_standard_error
    from caspian_env.settings import load_settings

    pairs = zip(words, (*words[1:], ""), strict=False)  # no words, no pairs
    named = [word.partition("=")[2] or after for word, after in pairs if word.partition("=")[0] == "--config"]
    try:
        mode = load_settings(config=Path(named[-1]) if named else None).log
    except CaspianError:
        mode = AUTO
    as_json = log_to_standard_error(mode, as_a_service=as_a_service)
    return as_json, as_json and (as_a_service or mode == JSON)


def _fail(message: str, code: int, as_log: bool) -> None:
    _tell(message, as_log)
    sys.exit(code)


def _tell(message: str, as_log: bool) -> None:
    from caspian_env.cli.show import say
    from caspian_env.cli.streams import as_far_as_it_goes

    with as_far_as_it_goes():
        if as_log:
            logging.getLogger(__name__).error(message)
        else:
            say(f"caspian-env: {message}", err=True)
