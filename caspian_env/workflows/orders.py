"""Providers that hand out files only against an order or a token: the requests before the one for the file."""

from __future__ import annotations

import json
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

POLL_SECONDS = 10.0  # as the provider's own client asks
SMALL = 1_000_000  # bytes of an answer about an order
# Words of the order service, from its client py-hydroweb 1.3.3; BLOCKED is waited out as well.
GOING_ON, READY = ("CREATED", "RUNNING", "BLOCKED"), "COMPLETED"
ORDER_ID = re.compile(r"[A-Za-z0-9_-]{1,100}")
CLIENT = "cdse-public"  # the client that the Copernicus Data Space documents for people with an account


@contextmanager
def hydroweb_order(
    platform: Platform, dataset: Dataset, ref: GranuleRef, url: str, seconds: float,
    wait: Callable[[float], None] = time.sleep,
) -> Iterator[Answer]:  # fmt: skip
    """A zip from hydroweb.next: a basket is posted, its state asked for until it is packed, and the zip fetched.

    The form of the granule holds the ``collection`` and the ``bbox`` (west,south,east,north) of the basket.

    Raises
    ------
    Unreachable
        When the order fails or is not packed in time.
    NotPublished, RefusedAnswer
        As ``Transport.get``.
    """
    until = time.monotonic() + seconds
    form = ref.form or {}
    _, headers = secrets_of(platform, dataset)
    told = json_object(platform, url, until, form=_basket(form), json_body=True, secret_headers=headers)
    order = str(told.get("workflowId") or "")
    if not ORDER_ID.fullmatch(order):
        raise RefusedAnswer(public_address(url), "answered an order without a workflowId", "has the service changed?")
    place = join_address(url, order)
    while (state := json_object(platform, f"{place}/status", until, secret_headers=headers)).get("status") != READY:
        if state.get("status") not in GOING_ON:
            problem = (
                f"the order ended as {str(state.get('status'))[:40]} ({str(state.get('message') or 'no word')[:120]})"
            )
            raise Unreachable(public_address(url, form), problem, "try again later")
        if time.monotonic() + POLL_SECONDS > until:
            raise Unreachable(public_address(url, form), "the order is not packed yet", "try again later")
        wait(POLL_SECONDS)
    with platform.transport.get(
        f"{place}/zip", max_bytes=dataset.max_bytes, deadline_seconds=max(1.0, until - time.monotonic()),
        secret_headers=headers,
    ) as answer:  # fmt: skip
        # Every order has an address of its own; what was ordered is what tells one granule from another.
        yield replace(answer, url=public_address(url, form), etag=None, last_modified=None)


@contextmanager
def cdse_download(
    platform: Platform, dataset: Dataset, ref: GranuleRef, url: str, seconds: float, etag: str | None,
    last_modified: str | None,
) -> Iterator[Answer]:  # fmt: skip
    """A product of the Copernicus Data Space: name and password are changed for a token, which opens the download.

    The key is ``NAME:PASSWORD``; where tokens are given out stands in the options of the dataset as ``token_url``.

    Raises
    ------
    RefusedAnswer
        When the key is not of that form, or opens nothing.
    NotPublished, Unreachable
        As ``Transport.get``.
    """
    until = time.monotonic() + seconds
    assert dataset.key is not None, f"the seed of {dataset.id} names no key"
    name, mark, password = platform.settings.keys[dataset.key.setting].partition(":")
    if not (name and mark and password):
        problem = f"CASPIAN_ENV_{dataset.key.setting} is not NAME:PASSWORD"
        raise RefusedAnswer(public_address(url), problem, "write both with a colon between")
    told = json_object(
        platform, str(dataset.options["token_url"]), until,
        form={"client_id": CLIENT, "grant_type": "password"}, secret={"username": name, "password": password},
    )  # fmt: skip
    token = told.get("access_token")
    if not isinstance(token, str) or not token:
        raise RefusedAnswer(str(dataset.options["token_url"]), "gave no token", "are name and password right?")
    with platform.transport.get(
        url, etag=etag, last_modified=last_modified, max_bytes=dataset.max_bytes,
        deadline_seconds=max(1.0, until - time.monotonic()), secret_headers={"Authorization": f"Bearer {token}"},
    ) as answer:  # fmt: skip
        yield answer


def _basket(form: Mapping[str, str]) -> dict[str, Any]:
    """An order for everything of a collection inside a box, as the service's own client writes it."""
    collection = form["collection"]
    filters = dict.fromkeys(("intersects", "intersectsRefs", "datetime", "query"))
    box = [float(edge) for edge in form["bbox"].split(",")]
    wanted = {
        "collectionId": collection, "correlationId": collection, "folder": collection,
        "filters": {"bbox": box, **filters},
    }  # fmt: skip
    return {"workflowName": "caspian-env", "collections": [wanted]}


def json_object(platform: Platform, url: str, until: float, **asked: Any) -> Mapping[str, Any]:
    """The JSON object at an address; Unreachable when there is something else."""
    seconds = max(1.0, until - time.monotonic())
    with platform.transport.get(url, max_bytes=SMALL, deadline_seconds=seconds, **asked) as answer:
        content = b"".join(answer.body)
    try:
        told = json.loads(content)
    except ValueError:
        told = None
    if not isinstance(told, dict):
        raise Unreachable(public_address(url), "answered with something else than a JSON object", "try again later")
    return told
