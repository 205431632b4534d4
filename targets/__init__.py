"""What is looked at and what is known about it. Data first; no network, no store, nothing of ours imported."""
