"""How to show: from a report's data to pages, tables and figures."""
