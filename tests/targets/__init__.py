"""The lists: what is read, what is said about lines that are wrong, and what a vantage may measure."""
