"""The time that one job may take as a whole: when it is over, what is left is accounted for and comes next time."""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass

from caspian_env.settings import Settings

SHARE = 0.9  # of what the service lets a worker take, so that the job ends by itself and says what is left


@dataclass(frozen=True, slots=True)
class JobTime:
    """How many seconds a job has, and when they are over."""

    seconds: float
    until: float
    clock: Callable[[], float] = time.monotonic

    @property
    def left(self) -> float:
        """Seconds that remain; 0 when there are none."""
        return max(0.0, self.until - self.clock())

    @property
    def is_over(self) -> bool:
        """Whether nothing more may be begun."""
        return self.left == 0.0

    def __str__(self) -> str:
        """The whole time in words."""
        return f"{self.seconds / 60:.0f} min" if self.seconds >= 60 else f"{self.seconds:g} s"


def job_time(settings: Settings, seconds: float | None = None, clock: Callable[[], float] = time.monotonic) -> JobTime:
    """The time of a job that begins now; by default a share of what the settings let a worker take."""
    whole = settings.worker_minutes * 60.0 * SHARE if seconds is None else seconds
    return JobTime(whole, clock() + whole, clock)
