"""What a pledge allows, and how far emissions lie above it: the same for an indicator and for the table of commitments."""

from __future__ import annotations


def allowed(base: float, level_pct: float) -> float:
    """Emissions allowed in the target year, in the units of the base year's: ``level_pct`` per cent of them."""
    return base * level_pct / 100


def gap(value: float, most: float) -> float:
    """How far emissions lie above the most that is allowed, in their units; below zero where they are less."""
    return value - most
