"""Every error the platform raises on purpose, in one tree.

    CaspianError                      names its subject and its remedy
    ├── SettingsError                 a setting is missing, unknown or contradicts another
    ├── SeedError                     a seed file does not say what it must
    ├── CatalogError                  the database cannot be used as asked
    │   ├── NewerDatabase             it was written by a newer version of the platform
    │   ├── DatabaseUnusable          nothing that needs the database can go on
    │   │   ├── DatabaseAway          it does not answer, or went away in the middle (transient)
    │   │   ├── DatabaseBusy          others held what was needed for longer than anybody waits (transient)
    │   │   ├── DatabaseFull          its disk has no room left, or refuses to write
    │   │   ├── DatabaseReadOnly      it can be read and not written
    │   │   └── DatabaseDamaged       its file is no database, or not a whole one
    │   ├── BackwardsKnowledge        an edition older than what is already known
    │   ├── LostLease                 this run was taken over; what it wanted to write was refused
    │   └── AlreadyClaimed            another run is doing this job (transient)
    │       └── AlreadyDone           another run has done what was due then
    ├── DiskError                     a file cannot be written
    │   ├── DiskFull                  because there is no room left
    │   └── StoreAway                 because the object store refuses or does not answer (transient)
    ├── TransportError                bytes could not be had
    │   ├── NotPublished              the provider (or mirror) does not have the address
    │   ├── Unreachable               no answer in time, or a server error (transient)
    │   │   └── NoIndex               a page where a directory should be listed
    │   └── RefusedAnswer             too large, wrong redirect, forbidden
    ├── BadGranule                    the bytes are not what the source promises
    │   └── OlderEdition              they are sound, and an older edition than the one known
    ├── NotComputable                 an indicator's rule forbids the number asked for
    └── Unpublishable                 a report shows what must not be frozen as it is

``transient`` says whether the same call may succeed later without anybody's help.
"""

from __future__ import annotations

from collections.abc import Iterable, Sequence

FEW = 12  # names that can be told in one line


class CaspianError(Exception):
    """An expected failure: what it concerns, what is wrong, and what to do about it.

    Parameters
    ----------
    subject : str
        The dataset, file, indicator or setting concerned.
    problem : str
        What is wrong, in one clause.
    remedy : str
        What the reader can do; empty where nothing can be done but wait.
    """

    transient = False

    def __init__(self, subject: str, problem: str, remedy: str = "") -> None:
        self.subject, self.problem, self.remedy = subject, problem, remedy
        super().__init__(subject, problem, remedy)

    def __str__(self) -> str:
        """One line: subject, problem and remedy."""
        line = f"{self.subject}: {self.problem}"
        return f"{line} ({self.remedy})" if self.remedy else line


class SettingsError(CaspianError):
    """A setting is missing, unknown or contradicts another."""


class SeedError(CaspianError):
    """A seed file does not say what it must."""


class CatalogError(CaspianError):
    """The database cannot be used as asked."""


class NewerDatabase(CatalogError):
    """The database was written by a newer version of the platform."""


class DatabaseUnusable(CatalogError):
    """The database itself fails, whatever is asked of it; nothing that needs it can go on."""


class DatabaseAway(DatabaseUnusable):
    """The database does not answer, or went away in the middle of a transaction, which is not committed then."""

    transient = True


class DatabaseBusy(DatabaseUnusable):
    """Others held what was needed for longer than anybody waits."""

    transient = True


class DatabaseFull(DatabaseUnusable):
    """The disk under the database has no room left, or refuses to write; the transaction was not committed."""


class DatabaseReadOnly(DatabaseUnusable):
    """The database can be read but not written, by this user or by anybody."""


class DatabaseDamaged(DatabaseUnusable):
    """The file of the database is none, or not a whole one."""


class BackwardsKnowledge(CatalogError):
    """An edition is older than what the catalog already knows of the dataset."""


class LostLease(CatalogError):
    """Another run took this one over; the catalog refuses what it still wanted to write."""


class AlreadyClaimed(CatalogError):
    """Another run is doing this job; one job is done by one run at a time."""

    transient = True


class AlreadyDone(AlreadyClaimed):
    """What was due then has been done, or was given up as missed."""

    transient = False


class DiskError(CaspianError):
    """A file cannot be written; nothing bears its final name, and what had been written of it is gone."""


class DiskFull(DiskError):
    """There is no room left for a file."""


class StoreAway(DiskError):
    """The object store that keeps the bytes refuses them or does not answer."""

    transient = True


class TransportError(CaspianError):
    """Bytes could not be had."""


class NotPublished(TransportError):
    """The provider, or the mirror in its place, does not have the address."""


class Unreachable(TransportError):
    """No answer in time, or a server error; trying again later can help."""

    transient = True


class NoIndex(Unreachable):
    """A page came where the names of a directory should be listed: an outage page, or an address that lists nothing."""


class RefusedAnswer(TransportError):
    """An answer was refused: too large, an unsafe redirect, or forbidden."""


class BadGranule(CaspianError):
    """The bytes are not what the source promises; they are set aside, not ingested."""


class DamagedGranule(BadGranule):
    """A library written in C met bytes that it cannot decode; it may have harmed the memory of the process."""


class OlderEdition(BadGranule):
    """The bytes are sound and no newer edition than the one known; nobody has to do anything about it."""


class NotComputable(CaspianError):
    """An indicator's own rule forbids the number asked for; the reason is published in its place."""


class Unpublishable(CaspianError):
    """A report shows something that must not be frozen as it is, and nobody allowed it by name."""


def not_among(names: Sequence[str], what: str, known: Iterable[str], listing: str) -> SettingsError:
    """The error for names that are none of those known, with the nearest ones; see `nearest_of`.

    Parameters
    ----------
    names : sequence of str
        What was given and is not known, at least one.
    what : str
        What they should have been, e.g. ``a dataset``.
    known : iterable of str
        Every name there is.
    listing : str
        The command that lists them.
    """
    problem = f"is not {what}" if len(names) == 1 else f"are not {what} each"
    return SettingsError(", ".join(names), problem, nearest_of(names, known, listing))


def nearest_of(names: Sequence[str], known: Iterable[str], listing: str = "") -> str:
    """The remedy for names that are not known: the nearest ones, or all that there are where none is near and they are few.

    ``listing`` is the command that lists them, where there is one.
    """
    every = list(known)
    near = list(dict.fromkeys(one for name in names for one in _nearest(name, every)))
    if near:
        return f"nearest: {', '.join(near)}" + (f"; {listing} lists all" if listing else "")
    if listing and len(every) > FEW:
        return f"{listing} lists all {len(every)}"
    return f"known: {', '.join(every)}"


def _nearest(name: str, known: Sequence[str]) -> list[str]:
    """At most three: those that contain the name, the shortest first, then those that are spelt like it."""
    from difflib import get_close_matches

    given = name.lower().replace("-", "_")
    holding = sorted((one for one in known if len(given) > 2 and given in one), key=len)
    return list(dict.fromkeys([*holding, *get_close_matches(given, known, n=3, cutoff=0.6)]))[:3]
