"""What answers in place of the network: the seeds, the institute's own files, and a mirror in a folder or an object store."""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from contextlib import AbstractContextManager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from caspian_env.formats import mirror_folder, mirror_store
from caspian_env.formats.mirror_addresses import LOCAL, SEED, host_of, mirror_name, public_address
from caspian_env.formats.object_store import ObjectStore
from caspian_env.settings import Settings, data_folder


@dataclass(frozen=True, slots=True)
class StandIn:
    """Folders and the store that are read instead of asking an address; ``folder`` or ``store`` is the mirror, if it is one.

    ``seeds`` is the folder of ``seed:`` addresses, the installed one where it is None.
    """

    seeds: Path | None
    own_files: Path
    folder: Path | None = None
    store: ObjectStore | None = None

    def answers(self, url: str) -> bool:
        """Whether an address is read here, and the network not asked."""
        return url.startswith((SEED, LOCAL)) or self.folder is not None or self.store is not None

    def opened(self, url: str, form: Mapping[str, Any] | None, limit: int) -> AbstractContextManager[Iterator[bytes]]:
        """The bytes of an address that is answered here, for as long as the block lasts.

        Raises
        ------
        NotPublished, RefusedAnswer, Unreachable
            As `mirror_folder.opened` and `mirror_store.opened`.
        """
        subject, place = public_address(url, form), self._folder_of(url, form)
        if place:
            return mirror_folder.opened(*place, subject, limit)
        assert self.store is not None, "whoever asks knows that it answers"
        return mirror_store.opened(self.store, mirror_name(url, form), subject, limit)

    def names(self, url: str) -> list[str]:
        """Names in a folder whose address is answered here, sorted; folders end with ``/``.

        Raises
        ------
        NotPublished, RefusedAnswer, Unreachable
            As `mirror_folder.folder_names` and `mirror_store.folder_names`.
        """
        if place := self._folder_of(url, None):
            return mirror_folder.folder_names(*place, url)
        assert self.store is not None, "whoever asks knows that it answers"
        return mirror_store.folder_names(self.store, mirror_name(url), url)

    def may_have_any_of(self, bases: Sequence[str]) -> bool:
        """Whether a file below one of these addresses can be there: False for a mirror that has none of their hosts."""
        if not bases or not (self.folder or self.store):
            return True
        return any(base.startswith((SEED, LOCAL)) or self._has(host_of(base)) for base in bases)

    def _has(self, host: str) -> bool:
        if self.store:
            return bool(self.store.names(host))
        return self.folder is not None and (self.folder / host).is_dir()

    def _folder_of(self, url: str, form: Mapping[str, Any] | None) -> tuple[Path, str] | None:
        if url.startswith(SEED):
            return self.seeds or data_folder("seeds"), url.removeprefix(SEED)
        if url.startswith(LOCAL):
            return self.own_files, url.removeprefix(LOCAL)
        return (self.folder, mirror_name(url, form)) if self.folder else None


def stand_in_of(settings: Settings, seeds: Path | None = None) -> StandIn:
    """What the settings put in place of the network; a mirror over HTTP is none of it."""
    mirror = settings.mirror or ""
    if not mirror or mirror.startswith(("http://", "https://")):
        return StandIn(seeds, settings.own_files)
    if "://" in mirror:
        return StandIn(seeds, settings.own_files, store=ObjectStore(mirror))
    return StandIn(seeds, settings.own_files, folder=Path(mirror))
