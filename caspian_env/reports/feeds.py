"""Feeds after RFC 4287 (Atom): what is new, newest first."""

from __future__ import annotations

import uuid
from collections.abc import Iterable
from dataclasses import dataclass
from datetime import UTC, datetime
from xml.etree import ElementTree

MOST = 100  # entries in a feed
NAMESPACE = "http://www.w3.org/2005/Atom"


@dataclass(frozen=True, slots=True)
class Entry:
    """One event: what it is about, the page that shows it, and since when it is known."""

    key: str
    title: str
    page: str
    updated: datetime
    summary: str


def feed(title: str, entries: Iterable[Entry], address: str, name: str) -> bytes:
    """The newest entries as an Atom document; ids follow from the events, so that a reader sees each once."""
    newest = sorted(entries, key=lambda entry: (entry.updated, entry.key), reverse=True)[:MOST]
    base = f"{address.rstrip('/')}/" if address else ""
    root = ElementTree.Element("feed", xmlns=NAMESPACE)
    _add(root, "id", _id(f"{base}{name}"))
    _add(root, "title", f"Caspian Sea indicators: {title.lower()}")
    _add(root, "updated", _time(max((entry.updated for entry in newest), default=datetime(1970, 1, 1, tzinfo=UTC))))
    ElementTree.SubElement(root, "link", rel="self", href=f"{base}{name}")
    _add(ElementTree.SubElement(root, "author"), "name", "caspian-env")
    for entry in newest:
        item = ElementTree.SubElement(root, "entry")
        _add(item, "id", _id(f"{name} {entry.key}"))
        _add(item, "title", entry.title)
        _add(item, "updated", _time(entry.updated))
        ElementTree.SubElement(item, "link", href=f"{base}{entry.page}")
        _add(item, "summary", entry.summary)
    ElementTree.indent(root)
    return bytes(ElementTree.tostring(root, encoding="utf-8", xml_declaration=True)) + b"\n"


def _add(parent: ElementTree.Element, tag: str, words: str) -> None:
    ElementTree.SubElement(parent, tag).text = words


def _id(key: str) -> str:
    return uuid.uuid5(uuid.NAMESPACE_URL, f"caspian-env {key}").urn


def _time(moment: datetime) -> str:
    return f"{moment:%Y-%m-%dT%H:%M:%SZ}"
