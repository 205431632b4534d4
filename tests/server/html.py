"""A page as a test reads it."""

from collections.abc import Iterator
from html.parser import HTMLParser

import httpx


class Page(HTMLParser):
    """A page's elements, and its text without the markup."""

    def __init__(self, html: str) -> None:
        super().__init__()
        self.elements: list[tuple[str, dict[str, str | None]]] = []
        self.words: list[str] = []
        self.feed(html)
        self.text = " ".join(" ".join(self.words).split())

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        self.elements.append((tag, dict(attrs)))

    def handle_data(self, data: str) -> None:
        self.words.append(data)

    def all(self, tag: str) -> Iterator[dict[str, str | None]]:
        return (attributes for name, attributes in self.elements if name == tag)


async def page(client: httpx.AsyncClient, path: str, **query: str) -> Page:
    answer = await client.get(path, params=query or None)
    assert answer.status_code == 200, answer.text
    return Page(answer.text)
