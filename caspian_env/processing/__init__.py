"""From xarray to xarray: CF conforming, units, regions, quality control, statistics. Pure."""
