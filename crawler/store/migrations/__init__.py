"""Alembic migrations; `crawler.store.database` runs them."""
