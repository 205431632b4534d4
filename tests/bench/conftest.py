"""The benchmarks measure in the laboratory too."""

from tests.whole.conftest import lab_rights, list_file, make_lab

__all__ = ["lab_rights", "list_file", "make_lab"]
