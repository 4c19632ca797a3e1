"""Calibrated words for a probability that was quantified, and for nothing else."""

from __future__ import annotations

from caspian_env.errors import NotComputable

# IPCC AR4 (Guidance Notes for Lead Authors on Addressing Uncertainties, 2005), most likely first.
ABOVE = (
    (0.99, "virtually certain"),
    (0.95, "extremely likely"),
    (0.90, "very likely"),
    (0.66, "likely"),
    (0.50, "more likely than not"),
)
BELOW = ((0.01, "exceptionally unlikely"), (0.10, "very unlikely"), (0.33, "unlikely"))


def words(probability: float) -> str:
    """The calibrated word of a probability; print the interval that earned it beside the word.

    Where two words fit, the narrower one is given: 0.6 is "more likely than not", 0.4 "about as likely as not".

    Parameters
    ----------
    probability : float
        From a distribution that was computed, 0 to 1; never an opinion.

    Raises
    ------
    NotComputable
        It is no probability.

    Examples
    --------
    >>> words(0.97), words(0.5), words(0.005)
    ('extremely likely', 'about as likely as not', 'exceptionally unlikely')
    """
    if not 0 <= probability <= 1:
        raise NotComputable("likelihood", f"{probability} is no probability", "give a computed one between 0 and 1")
    for bound, word in ABOVE:
        if probability > bound:
            return word
    for bound, word in BELOW:
        if probability < bound:
            return word
    return "about as likely as not"


def of_exceeding(threshold: float, estimate: float, std_uncertainty: float, dof: float | None = None) -> float:
    """Probability that a quantity lies above a threshold: normal about its estimate, or Student's t.

    Parameters
    ----------
    threshold, estimate, std_uncertainty : float
        In one unit.
    dof : float, optional
        Degrees of freedom of the uncertainty.

    Raises
    ------
    NotComputable
        The uncertainty is not known, or not positive.
    """
    from math import isfinite

    from scipy.special import ndtr, stdtr

    if not (isfinite(estimate) and std_uncertainty > 0):
        raise NotComputable("likelihood", "a probability needs an estimate and its uncertainty", "give both")
    score = (threshold - estimate) / std_uncertainty
    if dof is None or not isfinite(dof):
        return float(ndtr(-score))
    return float(stdtr(dof, -score))
