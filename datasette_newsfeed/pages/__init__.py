"""What Datasette shows of a news archive.

Nothing is imported here, so that one module can be imported without the others.
"""
