"""`newsfeed import`: files become records, and records become rows."""
