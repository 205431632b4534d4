"""What was seen and what we must say about it: the specification of the verdicts, a file a layer."""

from tests.results.scenarios import chains, dns, foreign, http, line, pages, speed, tcp, tls

ROWS = [*line.ROWS, *dns.ROWS, *foreign.ROWS, *tcp.ROWS, *tls.ROWS, *http.ROWS, *pages.ROWS, *speed.ROWS, *chains.ROWS]
