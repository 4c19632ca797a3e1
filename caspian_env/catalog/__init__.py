"""All the SQL: tables, reads, writes, views."""
