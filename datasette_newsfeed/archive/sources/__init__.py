"""DB-sources: the file beside the database that keeps each source file as it was read."""
