"""Alerts: who is told of a flip, in which words, over which service. What a flip is stands in results/events.py."""
