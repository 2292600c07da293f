"""Markdown and HTML of records, made safe to show."""
