"""Data: contracts, tables on every engine, source files, screening."""
