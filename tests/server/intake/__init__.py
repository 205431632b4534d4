"""The server's half of joining and sending."""
