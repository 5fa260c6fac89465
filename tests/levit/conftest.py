"""For all tests of our LeViT: one thread, as for the workshop."""

from tests.measuring.conftest import one_thread

__all__ = ["one_thread"]
