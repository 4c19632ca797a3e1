"""How to read: one module per dataset, each with ``list_granules`` and ``read_granule``."""
