"""The ways of writing a record: each dialect turns the keys of one front matter into an Article."""
