"""Patience with a database that is away: longer after each vain try, up to a limit, and at once as before when it is back."""

from __future__ import annotations

import logging
from dataclasses import dataclass

log = logging.getLogger("jobs")


@dataclass(slots=True)
class Patience:
    """How long to wait before the next try, in seconds: ``usual`` when all is well, doubled by each failure in a row."""

    usual: float
    longest: float
    failures: int = 0

    @property
    def seconds(self) -> float:
        """The wait that is due now."""
        return max(self.usual, min(self.usual * 2.0 ** min(self.failures, 20), self.longest))

    def lose(self, what: str, error: Exception) -> float:
        """Say what failed and when it is tried again; gives the seconds until then."""
        self.failures += 1
        log.error("%s: %s; next try in %.0f s", what, error, self.seconds)
        return self.seconds

    def regain(self, what: str) -> None:
        """Say that something works again, if it did not."""
        if self.failures:
            log.info("%s, after %d vain tries", what, self.failures)
        self.failures = 0
