"""`newsfeed history`: what changed in the files over time, from their git repository."""
