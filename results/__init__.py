"""What was seen and what it means. Nothing here opens a connection to a site."""
