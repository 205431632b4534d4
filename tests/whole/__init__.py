"""The whole program, as a person starts it: commands typed in a censored country, with all of it between them real."""
