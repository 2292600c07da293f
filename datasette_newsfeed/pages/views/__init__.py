"""One module for each page, panel or part of a page."""
