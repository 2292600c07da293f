"""The pages wing: what Datasette shows of a news archive. Knows no files and no YAML.

Nothing is imported here, so that one room can be had without the others.
"""
