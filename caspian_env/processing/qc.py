"""Quality flags of a series by QARTOD tests, each a pure function of ioos_qc.

Flags are those of QARTOD: 1 good, 2 not evaluated, 3 suspect, 4 fail, 9 missing. "Not evaluated" is a statement of its
own: a value that no test has looked at is not good.
"""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from typing import TYPE_CHECKING

from caspian_env.errors import SeedError
from caspian_env.model import FAIL, GOOD, MISSING, NOT_EVALUATED, SUSPECT

if TYPE_CHECKING:
    import numpy as np
    from numpy.typing import ArrayLike, NDArray

Thresholds = Mapping[str, Mapping[str, Sequence[float] | float]]

# The roll-up of several tests: a value carries the first of these that any test gave it.
PRECEDENCE = (FAIL, SUSPECT, GOOD, NOT_EVALUATED)


def flag(values: ArrayLike, time: ArrayLike, thresholds: Thresholds) -> NDArray[np.int8]:
    """One QARTOD flag per value: the gravest that any test gave, 9 for a missing value, 2 where no test was made.

    Parameters and errors are those of `flag_tests`.
    """
    import numpy as np

    numbers = np.asarray(values, dtype=np.float64)
    rolled = np.full(numbers.shape, NOT_EVALUATED, dtype=np.int8)
    tests = flag_tests(numbers, time, thresholds)
    for grade in reversed(PRECEDENCE):
        for flags in tests.values():
            rolled[flags == grade] = grade
    rolled[~np.isfinite(numbers)] = MISSING
    return rolled


def flag_tests(values: ArrayLike, time: ArrayLike, thresholds: Thresholds) -> dict[str, NDArray[np.int8]]:
    """The flags of every test asked for, by its QARTOD name.

    Parameters
    ----------
    values : array_like (time)
        In the units of the thresholds; NaN is missing.
    time : array_like (time)
        Ascending: the spike test compares a value with its neighbours in time.
    thresholds : mapping
        `{"gross_range": {"fail": [low, high], "suspect": [low, high]}, "spike": {"suspect": x, "fail": y}}`; a test
        or a threshold may be left out, except the fail range.

    Raises
    ------
    SeedError
        When a test or threshold is unknown, or its numbers contradict each other.
    ValueError
        When the times are not ascending or do not match the values.

    References
    ----------
    IOOS QARTOD, Manual for Real-Time Quality Control of Water Level Data, tests 4 and 6, doi:10.25923/vpsx-dc82.
    """
    import numpy as np

    numbers, moments = np.asarray(values, dtype=np.float64), np.asarray(time)
    if numbers.shape != moments.shape or numbers.ndim != 1 or (moments[1:] <= moments[:-1]).any():
        raise ValueError("values and times must be of one length, times ascending")
    tests = {"gross_range": _gross_range, "spike": _spike}
    flags = {}
    for name, limits in thresholds.items():
        if name not in tests or not limits or not set(limits) <= {"fail", "suspect"}:
            raise SeedError("quality control", f"{name}: {dict(limits)} is no known test", f"use {' or '.join(tests)}")
        flags[name] = tests[name](numbers, limits) if numbers.size else np.empty(0, dtype=np.int8)
    return flags


def _gross_range(values: NDArray[np.float64], limits: Mapping[str, Sequence[float] | float]) -> NDArray[np.int8]:
    """QARTOD test 4: values outside of what the sensor, or the sea, can show."""
    import numpy as np
    from ioos_qc.qartod import gross_range_test

    if "fail" not in limits:
        raise SeedError("quality control", "gross_range has no fail range", "give fail: [low, high]")
    try:
        flags = gross_range_test(values, fail_span=limits["fail"], suspect_span=limits.get("suspect"))
    except (ValueError, TypeError) as error:
        raise SeedError("quality control", f"gross_range cannot use {dict(limits)}: {error}") from error
    return np.asarray(flags, dtype=np.int8)


def _spike(values: NDArray[np.float64], limits: Mapping[str, Sequence[float] | float]) -> NDArray[np.int8]:
    """QARTOD test 6: distance of a value from the mean of its two neighbours; the ends cannot be evaluated."""
    import numpy as np
    from ioos_qc.qartod import spike_test

    suspect, fail = limits.get("suspect"), limits.get("fail")
    if any(not isinstance(limit, int | float) or limit <= 0 for limit in limits.values()) or (
        isinstance(suspect, int | float) and isinstance(fail, int | float) and suspect > fail
    ):
        raise SeedError("quality control", f"spike cannot use {dict(limits)}", "give 0 < suspect <= fail")
    return np.asarray(spike_test(values, suspect_threshold=suspect, fail_threshold=fail), dtype=np.int8)
