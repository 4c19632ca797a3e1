"""A provider that exists only as directory pages and small texts."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

from caspian_env.errors import NotPublished
from caspian_env.model import Document, Listing


@dataclass
class Pages:
    """What a source may ask of the network; ``asked`` remembers what it asked."""

    base: str
    folders: Mapping[str, Sequence[str]] = field(default_factory=dict)
    texts: Mapping[str, str] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)

    def listing(self, path: str) -> Listing:
        self.asked.append(path)
        if path not in self.folders:
            raise NotPublished(path, "no such page")
        return Listing(self.base, self.folders[path])

    def document(self, path: str, *, form: Mapping[str, str] | None = None) -> Document:
        self.asked.append(path)
        if path not in self.texts:
            raise NotPublished(path, "no such text")
        return Document(self.base, self.texts[path])
