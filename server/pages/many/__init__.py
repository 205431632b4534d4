"""The pages of many vantages: what is blocked on which networks. Those of one line stand beside it."""
