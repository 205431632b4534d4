"""The pages of one line: templates, charts as SVG, sentences. Nothing is measured or judged here."""
