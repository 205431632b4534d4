"""What programs read of a shared store: /api/v1, the data behind the charts, feeds and badges. Nothing is written."""
