"""Addresses: how one is written down, joined from its parts, and found again in a mirror.

A mirror keeps the file of ``https://HOST/PATH?QUERY`` under ``HOST/PATH%3FQUERY``: escapes of the address stay as they
are, a ``/`` inside QUERY becomes ``%2F``, and a POST counts as the GET with the same parameters in the order of their
names. Keys never take part, so that a mirror can be shared and an address can be printed.
"""

from __future__ import annotations

from collections.abc import Mapping
from typing import Any
from urllib.parse import urlencode, urlsplit

from caspian_env.errors import RefusedAnswer

SEED, LOCAL = "seed:", "local:"  # the folders of the seeds and of the institute's own files


def join_address(base: str, path: str) -> str:
    """``path`` below the base address; a whole address stays as it is."""
    if _is_whole(path):
        return path
    if base.endswith(":"):  # "seed:" and "local:" name a folder without a slash of its own
        return base + path.lstrip("/")
    return f"{base.rstrip('/')}/{path.lstrip('/')}"


def public_address(url: str, form: Mapping[str, Any] | None = None) -> str:
    """The address as it may be printed and kept: a form as its query, without user name, password or fragment."""
    if url.startswith((SEED, LOCAL)):
        return url
    bare = url.partition("#")[0]
    scheme, mark, rest = bare.partition("://")
    if mark:
        end = min((rest.find(stop) for stop in "/?" if stop in rest), default=len(rest))
        bare = f"{scheme}://{rest[:end].rpartition('@')[2]}{rest[end:]}"
    return with_parameters(bare, form or {})


def with_parameters(url: str, parameters: Mapping[str, Any]) -> str:
    """The address with parameters, in the order of their names, added to its query."""
    if not parameters:
        return url
    return f"{url}{'&' if '?' in url else '?'}{urlencode(sorted(parameters.items()))}"


def mirror_name(url: str, form: Mapping[str, Any] | None = None) -> str:
    """Name below a mirror's root of the file that stands for the address.

    Raises
    ------
    RefusedAnswer
        When the address has no host, is not http(s), or climbs with ``..``.
    """
    address = public_address(url, form)
    host = host_of(address)
    scheme, _, rest = address.partition("://")
    if not host or scheme not in ("http", "https"):
        raise RefusedAnswer(address, "is not an http(s) address", "correct the dataset's hosts")
    place, mark, query = rest.partition("?")
    path = place.partition("/")[2]
    name = f"{host}/{path}"
    if mark and query:
        name += "%3F" + query.replace("/", "%2F")
    if {".", ".."} & set(name.split("/")):
        raise RefusedAnswer(address, "climbs with . or ..", "write the address without them")
    return name


def host_of(url: str) -> str:
    """Host name in lower case, without port; empty where there is none."""
    try:
        return (urlsplit(url).hostname or "").lower()
    except ValueError:
        return ""


def password_of(url: str) -> str:
    """Password inside an address; empty where there is none."""
    try:
        return urlsplit(url).password or ""
    except ValueError:
        return ""


def mirror_url(base: str, name: str) -> str:
    """Address of a mirror's file over HTTP, where the ``%``, ``?`` and ``#`` of a file name have to be escaped."""
    return f"{base.rstrip('/')}/{name.replace('%', '%25').replace('?', '%3F').replace('#', '%23')}"


def _is_whole(path: str) -> bool:
    return path.startswith((SEED, LOCAL, "https://", "http://"))
