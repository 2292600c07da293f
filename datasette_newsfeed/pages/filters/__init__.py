"""The filters of an articles page: their SQL, and the query string that names them."""
