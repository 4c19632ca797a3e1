"""Large work in pieces on the dask cluster that this process is connected to; without one, or where it fails, here.

The same function gets the same values in both places, so that where it was computed makes no difference to the numbers.
A worker that is lost costs its pieces again; a scheduler that is lost costs all of them again, here.
"""

from __future__ import annotations

import logging
import sys
from collections.abc import Callable, Sequence
from typing import Any, TypeVar

from caspian_env.errors import CaspianError

LARGE = 16_000_000  # bytes; smaller work is done before a cluster has it
LOOK_SECONDS = 10.0
R = TypeVar("R")
_LOG = logging.getLogger(__name__)


def connected() -> Any | None:
    """The client of this process if its scheduler answers and has workers, or None; nothing is started."""
    distributed: Any = sys.modules.get("distributed")
    if distributed is None:
        return None
    try:
        client = distributed.default_client()
    except ValueError:
        return None
    try:
        return client if client.status == "running" and client.nthreads() else None
    except OSError as error:  # it went a moment ago
        _LOG.warning("the cluster does not answer any more: %s", error)
        return None


def each(function: Callable[..., R], shared: Sequence[Any], items: Sequence[Any]) -> list[R]:
    """``function(*shared, item)`` for every item, in their order; what it raises is raised.

    Parameters
    ----------
    function : callable
        Of a module, and without effects: a part of the work may be done twice.
    shared : sequence
        What all pieces need; it is handed over once.
    """
    client = connected() if len(items) > 1 and _nbytes((shared, items)) >= LARGE else None
    if client is not None:
        try:
            return _there(client, function, shared, items)
        except CaspianError:
            raise
        except Exception as error:
            _LOG.warning("the cluster gives no result (%s), so it is computed here", type(error).__name__)
    return [function(*shared, item) for item in items]


def _there(client: Any, function: Callable[..., R], shared: Sequence[Any], items: Sequence[Any]) -> list[R]:
    import dask
    import distributed

    lazy: Any = dask  # not annotated
    waiting: Any = distributed
    with lazy.config.set({"distributed.admin.large-graph-warning-threshold": "1TB"}):
        # Handed over as a task and not scattered: the scheduler can give it to another worker when one is lost.
        handed = client.submit(_itself, tuple(shared), pure=False)
        pieces = [client.submit(_piece, function, handed, item, pure=False) for item in items]
    while True:
        try:
            waiting.wait(pieces, timeout=LOOK_SECONDS)
            break
        except TimeoutError:
            if not client.nthreads():  # nobody is left to do it
                raise
    found: list[R] = client.gather(pieces)
    return found


def _itself(shared: tuple[Any, ...]) -> tuple[Any, ...]:
    return shared


def _piece(function: Callable[..., R], shared: tuple[Any, ...], item: Any) -> R:
    return function(*shared, item)


def _nbytes(part: Any) -> int:
    """Bytes of all the arrays in nested sequences."""
    if isinstance(part, (tuple, list)):
        return sum(_nbytes(one) for one in part)
    return int(getattr(part, "nbytes", 0))
