"""What is kept: the database (one transaction a request or task) and files written atomically."""
