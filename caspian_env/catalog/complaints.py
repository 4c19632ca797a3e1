"""What databases and their drivers complain of, told once and for all as errors of ours, without any secret.

Only conditions that somebody can do something about, or that pass, are translated. Others, such as a violated rule of
the schema, are faults of the program and stay what they are.
"""

from __future__ import annotations

import re
import sqlite3
from pathlib import Path

import sqlalchemy as sa

from caspian_env.errors import (
    CatalogError,
    DatabaseAway,
    DatabaseBusy,
    DatabaseDamaged,
    DatabaseFull,
    DatabaseReadOnly,
)
from caspian_env.formats.disk import MAKE_ROOM, NO_ROOM_BYTES, free_bytes

AGAIN = "then caspian-env run again: it repairs what was left"
MAY_NOT = "this role may not do that"
WRITERS = "connect as the owner of the database, to a server that may be written"
SECRETS = ("password", "sslpassword", "passfile", "sslkey")
# PostgreSQL, appendix A "Error codes": connection exceptions, shutdown, crash, starting up, and sessions ended by the
# server; a full disk; too many clients, locks that were not to be had, deadlocks.
_AWAY_CLASS, _AWAY = "08", {"57P01", "57P02", "57P03", "57P04", "57P05", "25P03", "25P04"}
_FULL, _READ_ONLY, _DENIED = "53100", "25006", "42501"
_BUSY = {"53300", "55P03", "40P01", "40001"}
# A server that is there and lets nobody in does not change its mind by itself. While a connection is made the driver gives
# no code, only the server's words; those in another language than English count as "away", which at worst waits.
_REFUSED = re.compile(
    r"password authentication failed|no password supplied|no pg_hba\.conf entry|is not permitted to log in|"
    r'(?:database|role|user) ".*" does not exist|permission denied for database'
)


def public_name(url: sa.URL) -> str:
    """An address without any secret."""
    kept = {name: value for name, value in url.query.items() if name.lower() not in SECRETS}
    return url.set(query=kept).render_as_string(hide_password=True)


def translated(error: BaseException, url: sa.URL, *, reads: bool = False) -> CatalogError | None:
    """What the complaint of a driver means for the reader, or None where it is no condition of the database itself.

    Parameters
    ----------
    reads : bool
        Whether the transaction was one that must not write; then a refused write is no condition of the database.
    """
    said = getattr(error, "orig", None) or error
    if url.get_backend_name() == "sqlite":
        file = Path(url.database) if url.database else None
        return _of_sqlite(said, file, public_name(url), reads) if isinstance(said, sqlite3.Error) else None
    return _of_postgresql(said, url, reads)


def unanswered(error: BaseException, url: sa.URL) -> CatalogError:
    """Why no connection could be made."""
    known = translated(error, url)
    if known is not None:
        return known
    said = _told(getattr(error, "orig", None) or error, url)
    return CatalogError(public_name(url), f"the database cannot be opened: {said}", "check CASPIAN_ENV_DATABASE_URL")


def _of_sqlite(error: sqlite3.Error, file: Path | None, name: str, reads: bool) -> CatalogError | None:
    code, said = str(getattr(error, "sqlite_errorname", "")), " ".join(str(error).split())
    folder = file.absolute().parent if file else Path()
    kind = code.removeprefix("SQLITE_").partition("_")[0]
    free = free_bytes(folder)
    if kind == "FULL" or (kind in ("IOERR", "CANTOPEN") and free is not None and free < NO_ROOM_BYTES):
        return DatabaseFull(name, f"there is no room left to write the database in {folder} ({said})", MAKE_ROOM)
    if kind == "IOERR":
        remedy = "look at room, quota and health of this disk; caspian-env doctor says whether the file is sound"
        return DatabaseFull(name, f"the disk refuses to read or write the database ({said})", f"{remedy}; {AGAIN}")
    if kind in ("BUSY", "LOCKED"):
        problem = f"another process has been writing for longer than anybody waits ({said})"
        remedy = f"find who has {file} open (fuser, lsof), let it end or end it"
        return DatabaseBusy(name, problem, f"{remedy}; {AGAIN}")
    if kind == "READONLY" and not reads:
        remedy = f"give this user the right to write {file} and its folder, or mount the disk for writing"
        return DatabaseReadOnly(name, f"the database can only be read ({said})", f"{remedy}; {AGAIN}")
    if kind in ("CANTOPEN", "PERM", "AUTH") or code.startswith("SQLITE_READONLY_"):
        remedy = f"check that {folder} is there and that this user may read and write it"
        return CatalogError(name, f"the database cannot be opened ({said})", remedy)
    if kind in ("CORRUPT", "NOTADB"):
        remedy = "caspian-env db restore FILE --into HOME, from the last good backup"
        return DatabaseDamaged(name, f"the database is damaged ({said})", remedy)
    return None


def _of_postgresql(error: object, url: sa.URL, reads: bool) -> CatalogError | None:
    code = getattr(error, "sqlstate", None) or ""
    name, said = public_name(url), _told(error, url)
    # While a connection is made the driver gives no code; a server may need room to let somebody in.
    if code == _FULL or (not code and "No space left on device" in said):
        return DatabaseFull(name, f"the server has no room left: {said}", f"free space on its disk; {AGAIN}")
    lost = not code and any(kind.__name__ == "OperationalError" for kind in type(error).__mro__)
    lost = lost and not _REFUSED.search(said)
    if lost or code.startswith(_AWAY_CLASS) or code in _AWAY:
        remedy = f"start it, or check CASPIAN_ENV_DATABASE_URL and the network; {AGAIN}"
        return DatabaseAway(name, f"the database does not answer, or went away: {said}", remedy)
    if code in _BUSY:
        problem = f"others held what was needed for longer than anybody waits: {said}"
        remedy = "look who holds it (SELECT * FROM pg_stat_activity), let it end or end it"
        return DatabaseBusy(name, problem, f"{remedy}; {AGAIN}")
    if code == _READ_ONLY and not reads:
        remedy = f"{WRITERS} (see SHOW default_transaction_read_only)"
        return DatabaseReadOnly(name, f"the database can only be read: {said}", f"{remedy}; {AGAIN}")
    if code == _DENIED and not reads:
        return CatalogError(name, f"{MAY_NOT}: {said}", WRITERS)
    return None


def _told(error: object, url: sa.URL) -> str:
    """The first line of a complaint, without the secrets of the address."""
    lines = str(error).strip().splitlines() or [type(error).__name__]
    line = lines[0]
    for secret in (url.password, *(url.query.get(name) for name in SECRETS)):
        if secret:
            line = line.replace(str(secret), "***")
    return line
