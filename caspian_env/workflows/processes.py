"""Orders at the Copernicus data stores (OGC API - Processes, Part 1: Core, doi:10.62973/18-062r2).

A job is posted, its state is asked for until it is done, and the file fetched from where the result says. The key goes to
the store in a header and nowhere else.
"""

from __future__ import annotations

import re
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any

from caspian_env.errors import RefusedAnswer, Unreachable
from caspian_env.formats.mirror_addresses import join_address, public_address
from caspian_env.model import Dataset, GranuleRef
from caspian_env.transport import Answer
from caspian_env.wiring import Platform
from caspian_env.workflows.keys import secrets_of
from caspian_env.workflows.orders import json_object

FIRST_POLL, LONGEST_POLL = 2.0, 30.0  # seconds; they grow, as an order may wait for hours in the store's queue
GOING_ON, DONE = ("accepted", "running"), "successful"
JOB = re.compile(r"[A-Za-z0-9_-]{1,100}")


@contextmanager
def process_order(
    platform: Platform, dataset: Dataset, ref: GranuleRef, url: str, seconds: float,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[Answer]:  # fmt: skip
    """The file of an order: its inputs are those of the dataset's options and those of the granule's form.

    Raises
    ------
    Unreachable
        When the job fails or is not done in time; a later run orders again.
    RefusedAnswer
        When the key is not accepted or the licence of the product not yet.
    """
    until = time.monotonic() + seconds
    form = dict(ref.form or {})
    subject = public_address(url, form)
    _, headers = secrets_of(platform, dataset)
    try:
        told = json_object(
            platform, url, until, form={"inputs": _inputs(dataset, form)}, json_body=True, secret_headers=headers
        )
    except RefusedAnswer as error:
        raise _explained(error, dataset, url, subject) from error
    job = str(told.get("jobID"))
    if not JOB.fullmatch(job):
        raise RefusedAnswer(subject, "answered an order without a jobID", "has the interface changed?")
    place = join_address(url.partition("/processes/")[0], f"jobs/{job}")
    pause = FIRST_POLL
    while (state := str(told.get("status"))) != DONE:
        if state not in GOING_ON:
            problem = f"the order ended as {state[:40]}: {str(told.get('message') or told.get('detail') or '')[:120]}"
            raise Unreachable(subject, problem, "look at your orders on the page of the store, and try again later")
        if time.monotonic() + pause > until:
            raise Unreachable(subject, "the order is not done yet", "the next run orders it again")
        wait(pause)
        pause = min(LONGEST_POLL, pause * 1.5)
        told = json_object(platform, place, until, secret_headers=headers)
    with platform.transport.get(
        _asset(json_object(platform, f"{place}/results", until, secret_headers=headers), subject),
        max_bytes=dataset.max_bytes, deadline_seconds=max(1.0, until - time.monotonic()),
    ) as answer:  # fmt: skip
        # Every order has an address of its own; what was ordered is what tells one granule from another.
        yield replace(answer, url=subject, etag=None, last_modified=None)


def _inputs(dataset: Dataset, form: Mapping[str, str]) -> dict[str, Any]:
    """An area is told as its edges; every other part of the form is a choice of one."""
    own = {key: [float(edge) for edge in text.split("/")] if key == "area" else [text] for key, text in form.items()}
    return {**dataset.options["inputs"], **own}


def _asset(told: Mapping[str, Any], subject: str) -> str:
    try:
        address = told["asset"]["value"]["href"]
    except (KeyError, TypeError):
        address = None
    if not isinstance(address, str) or not address:
        raise RefusedAnswer(subject, "the result names no file", "has the interface changed?")
    return address


def _explained(error: RefusedAnswer, dataset: Dataset, url: str, subject: str) -> RefusedAnswer:
    """What a refusal of an order usually means: the licence of the product waits to be accepted."""
    if "HTTP 401" not in error.problem and "HTTP 403" not in error.problem:
        return error
    store, _, rest = url.partition("/api/")
    product = rest.partition("/processes/")[2].partition("/")[0]
    page = f"{store}/datasets/{product}?tab=download#manage-licences"
    key = f"CASPIAN_ENV_{dataset.key.setting}" if dataset.key else "the key"
    remedy = f"accept the licence once at {page}, and look whether {key} is still valid"
    return RefusedAnswer(subject, error.problem, remedy)
