"""What this vantage is, what it keeps on this machine, and how all of it is deleted."""
