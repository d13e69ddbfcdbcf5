"""What alembic runs: the migrations, in the transaction of the connection that it is handed, and no other."""

from alembic import context

from papertape.ledger.migrate import options

context.configure(connection=context.config.attributes["connection"], **options())
with context.begin_transaction():
    context.run_migrations()
