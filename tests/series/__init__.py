"""Series with a known truth, made by chance from a seed, and what detectors of episodes make of them."""
