"""The store: engine, column types, unit of work, migrations."""
