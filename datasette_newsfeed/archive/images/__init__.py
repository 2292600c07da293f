"""`newsfeed images`: images are fetched from the web and stored in several widths."""
