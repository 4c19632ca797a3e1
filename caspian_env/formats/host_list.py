"""Listings and small texts from an ordered list of hosts: the first that answers, and then that one first."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import TypeVar

from caspian_env.errors import NotPublished, TransportError
from caspian_env.formats.mirror_addresses import join_address
from caspian_env.model import Document, Listing

T = TypeVar("T")


@dataclass(frozen=True, slots=True)
class HostList:
    """What a source may ask of the network (model.Http).

    Parameters
    ----------
    hosts : tuple of str
        Base addresses in order of preference.
    names : callable
        The names at a directory address.
    text : callable
        The text at an address, asked for with a form or without.
    """

    hosts: tuple[str, ...]
    names: Callable[[str], list[str]]
    text: Callable[[str, Mapping[str, str] | None], str]
    _answered: list[str] = field(default_factory=list)

    def listing(self, path: str) -> Listing:
        """Names at ``path`` below the first host that answers; NotPublished when every host says so."""
        return self._first(path, lambda host: Listing(host, self.names(join_address(host, path))))

    def document(self, path: str, *, form: Mapping[str, str] | None = None) -> Document:
        """The text at ``path`` below the first host that answers; NotPublished when every host says so."""
        return self._first(path, lambda host: Document(host, self.text(join_address(host, path), form)))

    def _first(self, path: str, ask: Callable[[str], T]) -> T:
        # A host that is down costs three attempts each time, one that lacks the dataset a request: it is asked last.
        failure: TransportError = NotPublished(path, "no host is known for it", "add a host to the dataset")
        hosts = list(dict.fromkeys([*self._answered, *self.hosts]))
        if hosts and join_address(hosts[0], path) == path:  # a whole address is the same at every host
            return ask(hosts[0])
        for host in hosts:
            try:
                found = ask(host)
            except TransportError as error:
                failure = error if _weight(error) >= _weight(failure) else failure
                continue
            self._answered[:] = [host]
            return found
        raise failure


def _weight(error: TransportError) -> int:
    """Which of several failures is told: that something is wrong rather than that nothing is there."""
    return 0 if isinstance(error, NotPublished) else 2 if error.transient else 1
