"""People's accounts on a shared server: signing in, roles, one-time links, and the audit of what they did."""
