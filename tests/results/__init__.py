"""What a measurement means, and how it is kept."""
