"""The archive wing: files and databases. Knows nothing of Datasette."""
