"""Linear programs of others: files in the format MPS, read and certified."""
