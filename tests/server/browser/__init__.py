"""The pages of many networks in Debian's Chromium: what a reader sees, hears and prints, whoever sent what is shown."""
