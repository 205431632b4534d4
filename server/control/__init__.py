"""The control: looks at the URLs that probes ask about, from a place where nothing is blocked. It keeps nothing."""
