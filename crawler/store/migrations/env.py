"""Alembic's entry: runs migrations on the connection that `crawler.store.database` hands over."""

from alembic import context

from crawler.store.tables import metadata

context.configure(
    connection=context.config.attributes["connection"],
    target_metadata=metadata,
    render_as_batch=True,
)
with context.begin_transaction():
    context.run_migrations()
