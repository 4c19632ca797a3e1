"""Listings and small texts kept beside their validators, so that "not modified" is an answer with a content.

A cache and nothing more: a page that is damaged, missing or cannot be written only costs its transfer.
"""

from __future__ import annotations

import hashlib
import json
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path


@dataclass(frozen=True, slots=True)
class Page:
    """A text, the address where it was found after redirects, and the validators that came with it."""

    text: str
    found_at: str
    etag: str | None
    last_modified: str | None


@dataclass(frozen=True, slots=True)
class KeptPages:
    """Pages below ``folder``, by what was asked."""

    folder: Path

    def find(self, question: str) -> Page | None:
        """What was kept for the question, if it is whole."""
        try:
            kept = json.loads(self._place(question).read_bytes())
            page = Page(**kept["page"])
            return page if kept["sha256"] == _digest(page.text) else None
        except (OSError, ValueError, TypeError, KeyError, AttributeError):
            return None

    def keep(self, question: str, page: Page) -> None:
        """Keep a page that has a validator, in place of the one before; nothing is kept where nothing can be written."""
        if not (page.etag or page.last_modified):
            return
        content: Mapping[str, object] = {"sha256": _digest(page.text), "page": asdict(page)}
        try:
            self.folder.mkdir(parents=True, exist_ok=True)
            # One name for each question: what a killed process left is written over when it is asked again. Two that
            # write at once may spoil each other's page, which its digest then tells.
            part = self._place(question).with_suffix(".part")
            part.write_text(json.dumps(content), encoding="utf-8")
            part.replace(self._place(question))
        except OSError:
            return

    def _place(self, question: str) -> Path:
        return self.folder / f"{_digest(question)}.json"


def _digest(text: str) -> str:
    return hashlib.sha256(text.encode("utf-8", errors="surrogatepass")).hexdigest()
