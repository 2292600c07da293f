"""Files and databases: everything that works without Datasette."""
