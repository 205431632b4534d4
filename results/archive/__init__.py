"""Archives of points, bigger than a machine: Parquet, and the same detector over it. Needs the extra `archive`."""
