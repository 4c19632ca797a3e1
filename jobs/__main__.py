"""``python -m jobs``."""

from jobs.service import main

main()
