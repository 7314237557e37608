"""The audit over a real database of each kind."""

from tests.make.fresh import database, rooms  # noqa: F401  # fixtures
