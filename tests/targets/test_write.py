"""What is written is read again as it was, and a file is there whole or not at all."""

from pathlib import Path

import pytest

from targets.load import load
from targets.target import Role, Target, Use
from targets.write import to_csv, to_json, write_whole

TARGET = Target(
    url="https://қаз.kz/,x",
    outlet='Ак "Жол", партия',
    role=Role.MIRROR,
    category="POLR",
    language="kk",
    tier=2,
    use=Use.OPT_IN,
    expected_title="Title; more",
    note="two\nlines",
    source="https://s.kz/",
    list_name="mine",
)


def test_a_written_list_is_read_as_it_was(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    write_whole(path, to_csv([TARGET, Target(url="https://a.kz/", list_name="mine")]))
    assert load(path) == ([TARGET, Target(url="https://a.kz/", list_name="mine")], [])


def test_json_is_one_object_on_one_line_with_every_field() -> None:
    assert to_json(TARGET) == (
        '{"url": "https://қаз.kz/,x", "outlet": "Ак \\"Жол\\", партия", "role": "mirror", "category": "POLR", '
        '"language": "kk", "tier": 2, "use": "opt-in", "expected_title": "Title; more", "note": "two\\nlines", '
        '"source": "https://s.kz/", "list_name": "mine"}'
    )


def test_a_file_is_replaced_whole(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("a much longer text than the new one")
    write_whole(path, "қ\n")
    assert path.read_bytes() == "қ\n".encode()
    assert list(tmp_path.iterdir()) == [path]


def test_a_failed_write_leaves_the_old_file(tmp_path: Path) -> None:
    path = tmp_path / "mine.csv"
    path.write_text("old")
    with pytest.raises(UnicodeEncodeError):
        write_whole(path, "new \udc80")
    assert path.read_text() == "old"
    assert list(tmp_path.iterdir()) == [path]
