"""What judgement knows beside the measurement, and what is not to be mistaken for it."""
