"""caspian-env: environmental monitoring data of the Caspian Sea that remember what was known, and when.

``connect`` opens a catalog for reading; everything else is the command line's.
"""

from __future__ import annotations

from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from caspian_env.api import connect

__all__ = ["connect"]


def __getattr__(name: str) -> Any:
    if name != "connect":
        raise AttributeError(f"module {__name__!r} has no attribute {name!r}")
    from caspian_env.api import connect  # the package itself loads nothing

    return connect
