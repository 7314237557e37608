"""The database: engine, `reading()` and `writing()`, column types, paging.

Above this floor SQLite and PostgreSQL behave alike. Rooms declare their tables on
`schema.metadata` and keep their SQL in their `queries.py`. Start reading at `database.py`.
"""
