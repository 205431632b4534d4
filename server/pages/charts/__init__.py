"""Pictures as SVG text, from values. No store, no clock, no template."""
