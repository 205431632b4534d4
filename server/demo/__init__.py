"""The demo: known history as simulated measurements, in a store of its own. Nothing here measures or asks anybody."""
