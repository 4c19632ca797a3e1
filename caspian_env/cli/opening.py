"""How commands on a catalog open it; what that needs is imported then, so that ``--help`` answers at once."""

from __future__ import annotations

from contextlib import contextmanager
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from collections.abc import Iterator

    from caspian_env.wiring import Platform


@contextmanager
def opened(home: Any, config: Any) -> Iterator[Platform]:
    """A platform whose catalog is at the schema of this version."""
    from caspian_env.catalog.migrate import require_current
    from caspian_env.settings import load_settings
    from caspian_env.wiring import open_platform

    with open_platform(load_settings(config=config, home=home)) as platform:
        require_current(platform.catalog)
        yield platform
