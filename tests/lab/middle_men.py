"""More men in the middle, each forging certificates of its own kind for whatever name it is asked for.

They answer with the sites' own pages; a portal has a page of its own. Flows are sent to them by the censor's rules.
"""

import ssl
from collections.abc import Sequence
from dataclasses import replace

from tests.lab.addresses import PORTAL
from tests.lab.orders import Placed
from tests.lab.pages import Manner, Page, Redirect
from tests.lab.site import Certificate, Site
from tests.lab.web import Contexts, Web

PORTAL_NAME = "login.silk-airport-wifi.kz"
PORTAL_URL = f"http://{PORTAL_NAME}/welcome"
PORTAL_PAGE = Page("Silk Airport Wi-Fi: accept the terms of use to go online", size=1_200)


class MiddleMan(Web):
    def __init__(self, contexts: Contexts, kind: Certificate) -> None:
        super().__init__(contexts)
        self._kind = kind

    async def stand(self, ip: str, sites: Sequence[Placed]) -> None:
        """In the way of these sites, over both schemes."""
        if ip == PORTAL:
            own = Placed(Site(PORTAL_NAME, http=PORTAL_PAGE, https=PORTAL_PAGE), ip)
            led = [replace(placed, site=replace(placed.site, http=_SENT_ON, https=PORTAL_PAGE)) for placed in sites]
            sites = [*led, own]
        await self._open_http(ip, sites)
        secure: dict[str, Manner] = {n: each.site.https for each in sites if each.site.https for n in each.names}
        if secure:
            await self._start(ip, secure, self._forged())

    def _forged(self) -> ssl.SSLContext:
        def chosen(tls: ssl.SSLSocket | ssl.SSLObject, name: str | None, _: ssl.SSLContext) -> None:
            shown = PORTAL_NAME if self._kind is Certificate.PORTAL else name or "unnamed.kz"
            tls.context = self._contexts.get(self._kind, (shown,))

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.sni_callback = chosen
        return context


_SENT_ON = Redirect(PORTAL_URL, status=302)
