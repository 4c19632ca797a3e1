"""Reading granules: with all care, and where many are alike, for their numbers alone."""

from __future__ import annotations

from collections.abc import Callable
from dataclasses import dataclass, field
from pathlib import Path
from typing import TYPE_CHECKING

from caspian_env.archive import Kept
from caspian_env.catalog.observations import Written
from caspian_env.errors import BadGranule, CaspianError, DatabaseUnusable, DiskError
from caspian_env.formats.alike import Alike, whole_axes
from caspian_env.model import GranuleRef
from caspian_env.wiring import alike_of
from caspian_env.workflows.alike_days import Means, Plan, keeping, learned, means_of, statements
from caspian_env.workflows.collection import Job
from caspian_env.workflows.context import Context
from caspian_env.workflows.editions import product_version
from caspian_env.workflows.measure import measure
from caspian_env.workflows.observe import Known, Recorded, judge
from caspian_env.workflows.same_grid import Grids, Stated, grids_of
from caspian_env.workflows.trial_reading import marked

if TYPE_CHECKING:
    import xarray as xr

Ahead = Callable[[], tuple[Means, Plan] | None]


@dataclass(slots=True)
class Reading:
    """How the granules of a job are read, and what has been learned from those before."""

    job: Job
    observe: Callable[..., list[Recorded]]
    alike: Alike | None
    context: Context
    grids: Grids
    marks: Path
    plan: Plan | None = None
    version: str | None = None
    stated: list[Stated] = field(default_factory=list)

    def read(self, ref: GranuleRef, kept: Kept, ahead: Ahead) -> tuple[list[Recorded], str | None]:
        """The observations of a granule, tested, and its product version.

        Raises
        ------
        BadGranule
            When it is not what the source promises, or lies on another grid than those before it.
        """
        job, known = self.job, self.context.around(ref)
        self.stated.clear()
        try:
            if elsewhere := ahead():
                return self._judged(elsewhere, ref, known)
            with marked(self.marks, job.dataset, kept) as suspected:
                plan = None if suspected else self.plan  # what was tried is the reading with care
                if plan is not None and (here := means_of(kept.path, plan)) is not None:
                    return self._judged((here, plan), ref, known)
                return self._with_care(ref, kept, known)
        except (DatabaseUnusable, DiskError):
            raise  # not the granule's fault
        except CaspianError as error:
            raise BadGranule(job.dataset.id, error.problem, error.remedy) from error
        except MemoryError:
            raise  # the machine's or the limit's fault
        except Exception as error:
            # Damaged bytes can make a reader fail in ways nobody foresaw; one bad granule must not stop the others.
            problem = f"the reader failed on these bytes: {type(error).__name__}: {str(error).splitlines()[0][:120]}"
            raise BadGranule(job.dataset.id, problem, "look at the file in the archive") from error

    def committed(self, recorded: list[Recorded], written: Written) -> None:
        """Take in that what was read last is in the catalog now."""
        for stated in self.stated:
            self.grids.accept(stated)
        self.context.add(recorded, written)

    def _judged(self, means: tuple[Means, Plan], ref: GranuleRef, known: Known) -> tuple[list[Recorded], str | None]:
        """The observations of a granule that is like those before it, from its numbers alone."""
        status = ref.status if ref.status != "final" else self.job.dataset.default_status
        return judge(statements(*means, status), self.job.dataset, known), self.version

    def _with_care(self, ref: GranuleRef, kept: Kept, known: Known) -> tuple[list[Recorded], str | None]:
        job = self.job
        raw = job.source.read_granule(kept.path)
        version = product_version(raw, job.dataset)
        if job.dataset.kind == "grid" and job.dataset.cube:
            whole = whole_axes(kept.path, self.alike) if self.alike else {}
            self.stated.append(self.grids.check(raw, job.dataset, whole))
        recorded = self.observe(raw, job.dataset, ref, job.platform.seeds, job.weights, known)
        if self.alike:
            self._learn(ref, kept, raw, version)
        return recorded, version

    def _learn(self, ref: GranuleRef, kept: Kept, raw: xr.Dataset, version: str | None) -> None:
        assert self.alike is not None
        job = self.job
        stated = measure(raw, job.dataset, ref, job.platform.seeds, job.weights)
        plan = learned(kept.path, raw, stated, job.dataset, self.alike, job.weights)
        if plan is not None:
            folder = job.platform.settings.home / "cubes" / "windows" / job.dataset.id
            self.plan, self.version = keeping(plan, raw, folder) if job.dataset.cube else plan, version


def reading_of(job: Job, observe: Callable[..., list[Recorded]]) -> Reading:
    """How the granules of a job are read; ``observe`` is what makes observations of one that is read with care."""
    alike = alike_of(job.dataset) if job.dataset.kind == "grid" else None
    context, grids = Context(job.platform, job.dataset), grids_of(job.platform.settings.home, job.dataset)
    return Reading(job, observe, alike, context, grids, job.platform.settings.home / "cache" / "reading")
