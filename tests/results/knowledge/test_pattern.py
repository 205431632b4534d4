"""A pattern is found where it stands, and nobody can make the search long."""

import re
import time
from contextlib import suppress

import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from results.knowledge.pattern import MAX_TEXT_CHARACTERS, Pattern, PatternType
from results.knowledge.rows import BadRow

FULL, PREFIX, CONTAINS, REGEXP = PatternType


@pytest.mark.parametrize(
    ("kind", "pattern", "text", "is_in"),
    [
        (FULL, "http://block.kg/", "http://block.kg/", True),
        (FULL, "http://block.kg/", "http://block.kg/?a", False),
        (PREFIX, "http://block.kg/", "http://block.kg/?a", True),
        (PREFIX, "http://block.kg/", " http://block.kg/", False),
        (CONTAINS, "Доступ ограничен", "<h1>Доступ ограничен</h1>", True),
        (CONTAINS, "доступ ограничен", "<h1>Доступ ограничен</h1>", False),
        (CONTAINS, " <title>", "<title>", False),
        (REGEXP, "URL .* Sp.*er Gate", "The URL a is blocked by SpIDer Gate.", True),
        (REGEXP, "URL .* Sp.*er Gate", "er Gate Sp URL ", False),
        (REGEXP, "a.*b", "a\nb", False),
        (REGEXP, "a.*b", "a\nba\na b", True),
        (REGEXP, "a.+b", "ab", False),
        (REGEXP, "a.+b", "axb", True),
        (REGEXP, r'{"msg":.*"id":', '{"msg": 1, "id": 2}', True),
        (REGEXP, r"here</a>\.", "here</a>x", False),
        (REGEXP, r"block_\d\d[a-f.]", "block_45.", True),
        (REGEXP, "a.*?b", "a b", True),
    ],
)
def test_a_pattern_is_found_where_it_stands(kind: PatternType, pattern: str, text: str, *, is_in: bool) -> None:
    assert Pattern.of(kind, pattern).is_in(text) is is_in


@pytest.mark.parametrize(
    ("pattern", "says"),
    [
        ("", "The pattern is empty."),
        ("  ", "The pattern is empty."),
        ("(a+)+$", 'has "("'),
        ("a|b", 'has "|"'),
        ("ba*", 'has "*"'),
        ("ba+", 'has "+"'),
        ("ba?", 'has "?"'),
        ("a{2,}b", 'has "{2,}"'),
        ("a.*+b", 'has "*"'),
        ("^a", 'has "^"'),
        (r"a\1", 'has "\\1"'),
        (r"\bab", 'has "\\b"'),
        (r"a\nb", 'has "\\n"'),
        ("a\nb", 'has "\\n"'),
        ("ab\\", 'has "\\"'),
        ("[ab", "is not readable: unterminated character set"),
        (r"a\q", r"is not readable: bad escape \q"),
        ("[[a]", "is not readable: Possible nested set"),
        (".*", "is in every text"),
        ("..*.", "is in every text"),
        ("a" * 1001, "has 1001 characters; allowed are 1000"),
    ],
)
def test_a_regular_expression_of_another_kind_is_refused_with_a_reason(pattern: str, says: str) -> None:
    with pytest.raises(BadRow) as caught:
        Pattern.of(REGEXP, pattern)
    assert says in str(caught.value)
    assert str(caught.value).isprintable()


@pytest.mark.parametrize("kind", [PREFIX, CONTAINS, REGEXP])
def test_only_the_beginning_of_a_text_is_looked_at(kind: PatternType) -> None:
    assert Pattern.of(kind, "a").is_in("a" + "b" * MAX_TEXT_CHARACTERS)
    assert not Pattern.of(kind, "a").is_in("b" * MAX_TEXT_CHARACTERS + "a")


@pytest.mark.parametrize(
    ("pattern", "text"),
    [
        ("<a.*href.*blocked", "<a href " * 8192),
        ("a.*a.*a.*a.*a.*b", "a" * 65_536),
        ("....................b", "a" * 65_536),
        ("a.*b", "a\n" * 32_768),
    ],
)
def test_a_page_made_to_stall_the_search_does_not(pattern: str, text: str) -> None:
    """`re` needs minutes or years for the first two; this a part of a second, on whatever machine."""
    started = time.process_time()
    assert not Pattern.of(REGEXP, pattern).is_in(text)
    assert time.process_time() - started < 5


PIECES = st.lists(st.sampled_from(["a", "b", ".", "[ab]", "[^a]", r"\w", r"\.", ".*", ".+", "ab", "{"]), max_size=8)


@settings(derandomize=True, deadline=None)
@given(pattern=PIECES.map("".join), text=st.text(st.sampled_from("ab.{\nж"), max_size=12))
@example(pattern="a.*a", text="a")
@example(pattern="a..*b", text="aab\nab")
def test_a_regular_expression_means_what_it_means_to_python_line_by_line(pattern: str, text: str) -> None:
    try:
        ours = Pattern.of(REGEXP, pattern)
    except BadRow:
        return
    assert ours.is_in(text) is any(re.search(pattern, line) is not None for line in text.split("\n"))


@settings(derandomize=True, deadline=None)
@given(st.text(st.sampled_from("ab.*+?|()[]{}^$\\,-1N&~\n\x00ж"), max_size=12), st.text(max_size=12))
def test_no_pattern_is_a_crash(pattern: str, text: str) -> None:
    with suppress(BadRow):
        Pattern.of(REGEXP, pattern).is_in(text)
