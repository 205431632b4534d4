"""How a vantage looks at sites. Nothing here judges."""
