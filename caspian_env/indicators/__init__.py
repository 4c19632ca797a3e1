"""How to compute: pure functions from xarray to xarray, one module per theme."""
