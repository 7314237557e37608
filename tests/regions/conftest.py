"""Regions over real databases."""

from tests.make.fresh import database, rooms  # noqa: F401  # fixtures
