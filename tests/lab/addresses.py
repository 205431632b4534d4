"""The lab's map: which address stands where. They look public, and none of them can be reached from a lab.

No documentation, private, shared or benchmark ranges: a product that treats such answers as forged must not be misled.
"""

CLIENT = "2.133.18.77"
ISP_RESOLVER = "2.133.4.53"
HOPS = (
    "2.133.18.1",
    "2.133.0.9",
    "92.47.151.14",
    "92.47.145.6",
    "188.43.225.2",
    "62.115.44.17",
    "80.231.65.3",
    "80.231.20.8",
)
MIDDLE_MAN = "92.47.200.66"
MIDDLE_MAN_2020 = "92.47.200.67"
ANTIVIRUS = "92.47.200.68"
EMPLOYER = "92.47.200.69"
PORTAL = "92.47.200.70"
CLEAN_RESOLVER = "185.17.121.53"
DOH_RESOLVER = "185.17.121.54"
DOH_NAME = "doh.open-steppe-dns.org"
CONTROL = "45.131.66.10"
SPARE = (CONTROL, "45.131.66.11", "45.131.66.12", "45.131.66.13")
CONTROL_NAME = "control.open-steppe.org"
REFERENCE_NAMES = ("www.field-atlas.org", "www.paper-kite.net")


def of_site(number: int) -> str:
    """The address of the site with this number, if it has not chosen one."""
    return f"193.108.{20 + number // 200}.{10 + number % 200}"
