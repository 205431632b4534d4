"""Where results meet people."""
