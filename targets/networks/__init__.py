"""Which network an IP address belongs to, and in which country it is used: a table on this machine. Nobody is asked.

`network_of("2.72.0.1")` is `Network(asn=29355, country="KZ", name="Kcell JSC")`. The sources, the date and what the
country means stand in `table`; how the table is made in `rebuild`; its licence in LICENSE-DATA.md beside it.
"""

from targets.networks.file import NoTable
from targets.networks.table import ATTRIBUTION, CREDITS, Network, NetworkTable, forget, network_of, table_date

__all__ = ["ATTRIBUTION", "CREDITS", "Network", "NetworkTable", "NoTable", "forget", "network_of", "table_date"]
