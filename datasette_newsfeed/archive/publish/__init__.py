"""`newsfeed prepare`: the database to publish, whole or a part of it."""
