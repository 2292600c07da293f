"""HTTP headers of our pages: caching and the content security policy."""
