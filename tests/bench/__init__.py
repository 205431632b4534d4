"""Figures: what a check costs, beside what others take for the same. Only ratios are asserted."""
