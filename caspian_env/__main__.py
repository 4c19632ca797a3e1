"""``python -m caspian_env``."""

from caspian_env.cli import main

main()
