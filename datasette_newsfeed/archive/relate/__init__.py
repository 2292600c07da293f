"""`newsfeed relate`: stories and similar articles, computed from all rows."""
