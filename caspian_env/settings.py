"""Settings: the only place that reads environment variables or the settings file.

Order of precedence: command line, ``CASPIAN_ENV_*`` variables, the TOML file, defaults.
"""

from __future__ import annotations

import hashlib
import os
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field, replace
from pathlib import Path

from caspian_env.errors import SettingsError

PREFIX = "CASPIAN_ENV_"
FILE_NAME = "caspian-env.toml"
DATABASE_NAME, SYNTHETIC_DATABASE_NAME = "caspian.db", "caspian-synthetic.db"
SIMPLE = {
    "database_url", "home", "mirror", "datasets", "local", "dask", "contact", "smtp_url", "alert_to", "webhook_url",
    "worker_memory_mb", "worker_minutes", "log", "metrics", "store",
}  # fmt: skip
MAY_BE_EMPTY = {"metrics"}  # which means off; elsewhere nothing given
# Addresses of fsspec that are places to keep files. Not ftp, which sends passwords and bytes in the clear.
STORES = ("s3", "s3a", "gs", "gcs", "az", "abfs", "abfss", "oss", "oci", "hdfs", "sftp", "file", "memory")
VERSION = "0.1.0"


@dataclass(frozen=True, slots=True)
class Settings:
    """What an installation is told: where things live, whom to name, which keys it has.

    Parameters
    ----------
    home : Path
        Folder of the archive, reports and (for SQLite) the database.
    database_url : str
        SQLAlchemy address of the catalog.
    mirror : str or None
        Folder or base address that stands in for the providers.
    local : Path or None
        Folder of what the institute declares and collects by itself; ``local`` in the home if left out.
    datasets : tuple of str
        The datasets that this installation collects; empty for all active ones.
    dask : str
        Where many grids are read and cells computed: empty (this machine), ``local``, or a scheduler ``tcp://HOST:PORT``.
    store : str
        Object store that keeps the archive and the cubes, as an address of fsspec; empty for the home alone.
    contact : str
        Named in the User-Agent, so that a provider can write to somebody.
    smtp_url, alert_to, webhook_url : str
        Mail server, recipients (with commas between) and webhook of alerts; empty where there is none.
    worker_memory_mb, worker_minutes : int
        What the service lets one job take: address space, and time on the clock.
    log : str
        How logs look: ``human``, ``json``, or ``auto``, which is human on a terminal only.
    metrics : tuple of str and int, or None
        Host and port at which the service tells how it is; None for nowhere.
    keys : mapping of str to str
        Keys of sources by their setting name, e.g. ``DAHITI_KEY``; never printed.
    """

    home: Path
    database_url: str = field(repr=False)  # it may hold a password
    mirror: str | None = field(default=None, repr=False)
    local: Path | None = None
    datasets: tuple[str, ...] = ()
    dask: str = ""
    store: str = ""
    contact: str = ""
    smtp_url: str = field(default="", repr=False)  # it may hold a password, and a webhook is one
    alert_to: str = ""
    webhook_url: str = field(default="", repr=False)
    worker_memory_mb: int = 4096
    worker_minutes: int = 120
    log: str = "auto"
    metrics: tuple[str, int] | None = ("127.0.0.1", 9464)
    keys: Mapping[str, str] = field(default_factory=dict, repr=False)

    @property
    def archive(self) -> Path:
        """Provider bytes, named by their sha256."""
        return self.home / "archive"

    @property
    def own_files(self) -> Path:
        """Folder of the institute's own declarations and files."""
        return self.local or self.home / "local"

    @property
    def reports(self) -> Path:
        """Where reports are written unless told otherwise."""
        return self.home / "reports"

    def fingerprint(self) -> str:
        """A hash of the settings that change what a run does; keys only by their presence."""
        parts = [str(self.mirror), *sorted(self.keys)]
        return hashlib.sha256("\n".join(parts).encode()).hexdigest()[:12]


def load_settings(
    environ: Mapping[str, str] | None = None,
    *,
    config: Path | None = None,
    mirror: str | None = None,
    home: Path | None = None,
) -> Settings:
    """Settings from the command line (``mirror``, ``home``), the environment and the TOML file.

    The home of a demonstration has a database of another name, which is found without being told.

    Raises
    ------
    SettingsError
        When a name is unknown, a file cannot be read or a value is of the wrong kind.
    """
    environ = os.environ if environ is None else environ
    values, keys = _from_file(_find(config, environ))
    for name, value in environ.items():
        short = name.removeprefix(PREFIX)
        if not name.startswith(PREFIX) or not (value or short.lower() in MAY_BE_EMPTY):
            continue
        if short.lower() in SIMPLE:
            values[short.lower()] = value
        elif short.endswith("_KEY"):
            keys[short] = value
        elif short != "CONFIG" and not short.startswith("TEST_"):
            raise SettingsError(name, "is not a setting of caspian-env", f"known: {', '.join(sorted(known_names()))}")
    if mirror and "@" in mirror.partition("://")[2].partition("/")[0]:
        # Arguments stand in the list of processes, of this command and of every worker that it starts.
        problem = "names a user or a password, which everybody on this machine could read in the list of processes"
        raise SettingsError("--mirror", problem, "put the address into CASPIAN_ENV_MIRROR or the settings file")
    where = (home or Path(values.get("home", "caspian-home"))).expanduser().absolute()
    settings = Settings(
        home=where,
        database_url=_database_url(values.get("database_url"), where),
        mirror=mirror or values.get("mirror") or None,
        local=Path(values["local"]).expanduser().absolute() if values.get("local") else None,
        datasets=tuple(name.strip() for name in values.get("datasets", "").split(",") if name.strip()),
        dask=_dask(values.get("dask", "")),
        store=_store(values.get("store", "")),
        contact=values.get("contact", ""),
        smtp_url=values.get("smtp_url", ""),
        alert_to=values.get("alert_to", ""),
        webhook_url=values.get("webhook_url", ""),
        worker_memory_mb=_whole("worker_memory_mb", values.get("worker_memory_mb", "4096")),
        worker_minutes=_whole("worker_minutes", values.get("worker_minutes", "120")),
        log=_one_of("log", values.get("log", "auto"), ("auto", "human", "json")),
        metrics=_host_and_port("metrics", values.get("metrics", "127.0.0.1:9464")),
        keys=keys,
    )
    if settings.local and not settings.local.is_dir():
        raise SettingsError(
            "local", f"{settings.local} is not a folder", "name the folder of the institute's own files"
        )
    if settings.mirror:
        settings = replace(settings, mirror=_mirror(settings.mirror))
    return settings


def _mirror(value: str) -> str:
    protocol, is_address, _ = value.partition("://")
    if not is_address:
        folder = Path(value).expanduser()
        if not folder.is_dir():
            raise SettingsError("mirror", f"{value} is not a folder", "name a folder or an http(s) address")
        return str(folder.absolute())
    if protocol not in ("http", "https", *STORES):
        remedy = "name a folder, an http(s) address or an object store such as s3://BUCKET/PREFIX"
        raise SettingsError("mirror", f"{protocol}:// is no address of a mirror", remedy)
    return value


def _dask(value: str) -> str:
    if value and value != "local" and not value.startswith(("tcp://", "tls://")):
        raise SettingsError("dask", f"{value!r} is no place to compute", "write local or tcp://HOST:PORT")
    return value


def _store(value: str) -> str:
    if value and ("://" not in value or value.partition("://")[0] not in STORES):
        # Not the value itself: a wrongly written address may hold a password.
        shown = value.partition("://")[0] + "://" if "://" in value else repr(value)
        raise SettingsError(
            "store", f"{shown} is no address of an object store", "write for example s3://BUCKET/PREFIX"
        )
    return value.rstrip("/")


def known_names() -> set[str]:
    """Names of the environment variables, keys given by their pattern."""
    return {PREFIX + name.upper() for name in SIMPLE} | {f"{PREFIX}CONFIG", f"{PREFIX}<SOURCE>_KEY"}


def data_folder(name: str) -> Path:
    """Folder ``seeds`` or ``migrations``: inside the installed package, or beside it in a checkout."""
    package = Path(__file__).resolve().parent
    for folder in (package / "data" / name, package.parent / name):
        if folder.is_dir():
            return folder
    raise SettingsError(name, "the folder is missing from this installation", "install caspian-env again")


def _database_url(url: str | None, home: Path) -> str:
    if not url:
        synthetic = home / SYNTHETIC_DATABASE_NAME
        return f"sqlite:///{synthetic if synthetic.is_file() else home / DATABASE_NAME}"
    return database_address(url)


def database_address(url: str) -> str:
    """The address as SQLAlchemy takes it: a PostgreSQL server is spoken to through psycopg 3."""
    if url.startswith(("postgresql://", "postgres://")):
        return "postgresql+psycopg://" + url.split("://", 1)[1]
    return url


def _whole(name: str, text: str) -> int:
    if not text.isdecimal() or int(text) == 0:
        raise SettingsError(name, f"{text!r} is not a whole number above zero", "write for example 4096")
    return int(text)


def _one_of(name: str, text: str, known: tuple[str, ...]) -> str:
    if text not in known:
        raise SettingsError(name, f"{text!r} is not known", f"write {', '.join(known)}")
    return text


def _host_and_port(name: str, text: str) -> tuple[str, int] | None:
    host, _, port = text.rpartition(":")
    if not text.strip():
        return None
    if not host or not port.isdecimal() or int(port) > 65535:
        raise SettingsError(name, f"{text!r} is not HOST:PORT", "write for example 127.0.0.1:9464, or nothing")
    return host.strip("[]"), int(port)


def environment_over(more: Mapping[str, str]) -> dict[str, str]:
    """What a process that we start finds in its environment: ``more``, unless ours says otherwise, and all of ours."""
    return dict(more) | dict(os.environ)


def _find(config: Path | None, environ: Mapping[str, str]) -> Path | None:
    named = config or (Path(environ[f"{PREFIX}CONFIG"]) if environ.get(f"{PREFIX}CONFIG") else None)
    if named and not named.is_file():
        raise SettingsError(str(named), "the settings file does not exist", "caspian-env init writes one")
    return named or (Path(FILE_NAME) if Path(FILE_NAME).is_file() else None)


def _from_file(path: Path | None) -> tuple[dict[str, str], dict[str, str]]:
    if path is None:
        return {}, {}
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (OSError, UnicodeDecodeError, tomllib.TOMLDecodeError) as error:
        raise SettingsError(str(path), f"cannot be read: {error}", "mend or remove it") from error
    keys = content.pop("keys", {})
    if unknown := set(content) - SIMPLE:
        raise SettingsError(str(path), f"unknown settings {sorted(unknown)}", f"known: {sorted(SIMPLE)} and [keys]")
    if not isinstance(keys, dict):
        raise SettingsError(str(path), "keys is no table", "write [keys] on a line of its own")
    content = {name: str(value) if type(value) is int else value for name, value in content.items()}
    if wrong := [name for name, value in {**content, **keys}.items() if not isinstance(value, str)]:
        raise SettingsError(str(path), f"{wrong} must be text", "write them in quotes")
    if unknown := {name for name in keys if not name.upper().endswith("_KEY")}:
        raise SettingsError(str(path), f"unknown keys {sorted(unknown)}", "their names end in _KEY, as in DAHITI_KEY")
    return {k: v for k, v in content.items() if v or k in MAY_BE_EMPTY}, {k.upper(): v for k, v in keys.items() if v}
