"""Stopping in good order: SIGTERM and SIGINT ask, a second one or the end of the patience hurries."""

from __future__ import annotations

import os
import signal
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from threading import Event, Thread, Timer

SIGNALS = (signal.SIGTERM, signal.SIGINT)
END = b"\0"


@dataclass(frozen=True, slots=True)
class Stop:
    """``asked``: begin nothing more. ``hand_back``: end what is going on, another process will do it again."""

    asked: Event = field(default_factory=Event)
    hand_back: Event = field(default_factory=Event)


@contextmanager
def stop_signals(patience_seconds: float) -> Iterator[Stop]:
    """Turn signals into events; ``hand_back`` follows ``asked`` after so many seconds.

    A handler in Python would run in the middle of whatever the main thread does, perhaps while it holds the very lock
    that is needed to stop. So the interpreter only writes the number of the signal to a pipe, and a thread reads it.
    """
    stop = Stop()
    reader, writer = os.pipe()
    os.set_blocking(writer, False)
    handlers = {number: signal.signal(number, _leave_it_to_the_pipe) for number in SIGNALS}
    before = signal.set_wakeup_fd(writer, warn_on_full_buffer=False)
    listener = Thread(target=_listen, args=(reader, stop, patience_seconds), name="signals", daemon=True)
    listener.start()
    try:
        yield stop
    finally:
        signal.set_wakeup_fd(before)
        for number, handler in handlers.items():
            signal.signal(number, handler)
        os.write(writer, END)
        listener.join()
        os.close(reader)
        os.close(writer)


def _leave_it_to_the_pipe(_signal: int, _frame: object) -> None:
    """A handler must exist for the interpreter to write to the pipe."""


def _listen(reader: int, stop: Stop, patience_seconds: float) -> None:
    patience = Timer(patience_seconds, stop.hand_back.set)
    patience.daemon = True
    while (byte := os.read(reader, 1)) != END:
        if byte[0] not in SIGNALS:
            continue
        if stop.asked.is_set():
            stop.hand_back.set()
        else:
            stop.asked.set()
            patience.start()
    patience.cancel()
