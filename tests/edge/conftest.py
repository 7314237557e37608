"""Edges over real databases: of the center, and of their own."""

from tests.make.fresh import database, rooms  # noqa: F401  # fixtures
