"""Logs on standard error: lines for people on a terminal, one JSON object a line anywhere else.

The loggers are those of the standard library. Whatever is logged while a run goes on carries its number and its job,
also from the threads that were given the context of the run.
"""

from __future__ import annotations

import json
import logging
import sys
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager
from contextvars import ContextVar
from types import TracebackType
from typing import Any, TextIO

AUTO, HUMAN, JSON = "auto", "human", "json"
ACCOUNT = "caspian_env.account"  # what a command also says in its summary
OURS = ("caspian_env", "jobs")
_RUN: ContextVar[tuple[int, str] | None] = ContextVar("run", default=None)
_PLAIN = frozenset(vars(logging.makeLogRecord({}))) | {"message", "asctime", "taskName", "of_run"}


@contextmanager
def naming_the_run(run_id: int, job: str) -> Iterator[None]:
    """Everything logged in the block carries ``run_id`` and ``job``."""
    token = _RUN.set((run_id, job))
    try:
        yield
    finally:
        _RUN.reset(token)


def log_to_standard_error(mode: str = AUTO, *, as_a_service: bool = False) -> bool:
    """Set up the logs of this process and return whether they are JSON.

    Where they are, errors that nobody expected and Python's warnings are log entries too, so that every line can be
    parsed. A command on a terminal shows only what its own output does not say. Where somebody else has set up logs
    already, nothing is changed.

    Parameters
    ----------
    mode : str
        ``human``, ``json``, or ``auto``: human if standard error is a terminal.
    as_a_service : bool
        Whether the logs are all that anybody sees of this process.
    """
    as_json = mode == JSON or (mode == AUTO and not sys.stderr.isatty())
    root = logging.getLogger()
    if root.handlers:
        return any(isinstance(handler.formatter, JsonLines) for handler in root.handlers)
    handler = _StandardError()
    handler.setFormatter(JsonLines() if as_json else _human_lines())
    handler.addFilter(_add_the_run)
    root.addHandler(handler)
    for name in OURS:
        logging.getLogger(name).setLevel(logging.INFO if as_json or as_a_service else logging.WARNING)
    logging.getLogger(ACCOUNT).setLevel(logging.INFO if as_json or as_a_service else logging.CRITICAL)
    if as_json:
        logging.captureWarnings(True)
        sys.excepthook = _log_unexpected
        threading.excepthook = lambda hit: _log_unexpected(hit.exc_type, hit.exc_value, hit.exc_traceback)
    return as_json


def log_to_standard_output(name: str) -> logging.Logger:
    """A logger whose entries go to standard output and nowhere else, each at once, in the form of this process's logs.

    What standard output does not take is an OSError.
    """
    logger = logging.getLogger(name)
    handler = _StandardOutput(sys.stdout)
    as_json = any(isinstance(other.formatter, JsonLines) for other in logging.getLogger().handlers)
    handler.setFormatter(JsonLines() if as_json else _human_lines())
    handler.addFilter(_add_the_run)
    logger.handlers, logger.propagate = [handler], False
    logger.setLevel(logging.INFO)
    return logger


class JsonLines(logging.Formatter):
    """A record as one line of JSON: time (UTC), level, logger, message, process, run and job, and what ``extra`` gave."""

    def format(self, record: logging.LogRecord) -> str:
        """One JSON object without a line break."""
        entry: dict[str, Any] = {
            "time": f"{time.strftime('%Y-%m-%dT%H:%M:%S', time.gmtime(record.created))}.{int(record.msecs):03d}Z",
            "level": record.levelname.lower(),
            "logger": record.name,
            "message": record.getMessage(),
            "process": record.process,
        }
        entry |= {name: value for name, value in vars(record).items() if name not in _PLAIN}
        if record.exc_info:
            entry["traceback"] = self.formatException(record.exc_info)
        return json.dumps(entry, default=str, ensure_ascii=False)


class _StandardOutput(logging.StreamHandler[TextIO]):
    """Standard output for what must not get lost without a word."""

    def handleError(self, _record: logging.LogRecord) -> None:  # noqa: N802
        raise  # the error that is being handled


class _StandardError(logging.Handler):
    """Standard error as it is at the moment: a progress bar puts itself in its place for a while."""

    def emit(self, record: logging.LogRecord) -> None:
        try:
            sys.stderr.write(f"{self.format(record)}\n")
        except Exception:
            self.handleError(record)


def _human_lines() -> logging.Formatter:
    lines = logging.Formatter(
        "%(asctime)s.%(msecs)03dZ %(levelname)s %(of_run)s%(message)s", datefmt="%Y-%m-%dT%H:%M:%S"
    )
    lines.converter = time.gmtime
    return lines


def _add_the_run(record: logging.LogRecord) -> bool:
    run = _RUN.get()
    record.of_run = f"[run {run[0]}] " if run else ""
    if run:
        record.run_id, record.job = run
    return True


def _log_unexpected(kind: type[BaseException], error: BaseException | None, trace: TracebackType | None) -> None:
    """What would be a traceback on standard error."""
    if issubclass(kind, KeyboardInterrupt | SystemExit):
        return
    info = (kind, error or kind(), trace)
    logging.getLogger(__name__).critical("unexpected error: %s: %s", kind.__name__, error, exc_info=info)
