"""The intake: takes what members measured, and signs new ones up. It shows nothing."""
