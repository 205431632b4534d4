"""The pages, from a store with simulated data."""
