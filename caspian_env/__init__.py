"""caspian-env: environmental monitoring data of the Caspian Sea that remember what was known, and when."""
