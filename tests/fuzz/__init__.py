"""Answers that no honest server gives, from dice: the probe ends in time, with a record, in little memory."""
