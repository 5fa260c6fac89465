"""The version of this package, in one place."""

VERSION = "0.1.0.dev0"
"""What `levit-bench --version` prints and every session records."""
