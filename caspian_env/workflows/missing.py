"""What a window lacks after it was collected: granules that were not got, and stretches for which nothing was listed."""

from __future__ import annotations

import re
from collections.abc import Callable, Iterable, Iterator, Sequence
from dataclasses import dataclass, replace
from datetime import datetime, timedelta

from caspian_env.model import Dataset, GranuleRef, Window
from caspian_env.processing.durations import later

_SHA = re.compile(r" ?\(sha256 \w+…\)")
NOT_LISTED = "nothing is listed"


@dataclass(frozen=True, slots=True)
class Missing:
    """A stretch of valid time, None for all of a record, the granules named for it (0: none was), and why it is missing."""

    window: Window | None
    n_granules: int
    why: str

    def __str__(self) -> str:
        """One line: when, how much, why."""
        when = "the whole record" if self.window is None else str(self.window)
        if self.n_granules:
            size = f"{self.n_granules} granule{'s' if self.n_granules > 1 else ''}"
        else:
            days = 0 if self.window is None else round((self.window.end - self.window.start) / timedelta(days=1))
            size = f"{days} day{'' if days == 1 else 's'}"
        return f"missing {when} ({size}): {self.why}"


def unlisted(dataset: Dataset, window: Window, listed: Iterable[GranuleRef], now: datetime) -> list[Window]:
    """Stretches of a window, a period of the dataset or longer and due by now, of which no granule was listed."""
    refs = list(listed)
    spans = sorted((ref.window for ref in refs if ref.window), key=lambda span: span.start)
    if dataset.whole_record or len(spans) < len(refs):
        return []  # a record is one granule, and one that does not tell its time may hold any
    ends = min(window.end, now - timedelta(days=dataset.publication_delay_days))
    reached, found = window.start, []
    for span in [*spans, Window(ends, max(ends, window.end) + timedelta(days=1))]:
        if later(reached, dataset.update_frequency) <= min(span.start, ends):
            found.append(Window(reached, min(span.start, ends)))
        reached = max(reached, span.end)
    return found


def not_got(
    refs: Iterable[GranuleRef], addresses: Callable[[GranuleRef], Sequence[str]], told: Sequence[str], otherwise: str
) -> Iterator[Missing]:
    """Granules that were listed and not got, each with what was told of one of its addresses, else ``otherwise``."""
    for ref in refs:
        reasons = (_reason(line, url) for url in addresses(ref) for line in told if url in line)
        yield Missing(ref.window, 1, next(reasons, otherwise))


def merged(found: Iterable[Missing]) -> list[Missing]:
    """The same in order of time, neighbours that are missing for the same reason as one."""
    whole: list[Missing] = []
    for one in sorted(found, key=lambda one: (one.window is not None, one.window.start if one.window else 0)):
        last = whole[-1] if whole else None
        if (
            last is not None and last.why == one.why and last.window and one.window
            and bool(last.n_granules) == bool(one.n_granules) and one.window.start <= last.window.end
        ):  # fmt: skip
            span = Window(last.window.start, max(last.window.end, one.window.end))
            whole[-1] = replace(last, window=span, n_granules=last.n_granules + one.n_granules)
        else:
            whole.append(one)
    return whole


def _reason(line: str, address: str) -> str:
    """What a line says of an address, without the address and the hash, which differ from granule to granule."""
    text = _SHA.sub("", line).replace(address, "")
    return re.sub(r"\s+:", ":", " ".join(text.split())).strip(": ")
