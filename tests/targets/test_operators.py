"""Who owns which network."""

from pathlib import Path

import pytest

from targets.operators import loaded, owner_of

HEAD = "asn,operator,owner,class,note,source\n"


def test_the_bundled_table_has_no_bad_row() -> None:
    found, problems = loaded()
    assert problems == []
    assert found[9198].owner == found[29355].owner == "Kazakhtelecom"


def test_operators_of_one_owner_are_one_witness() -> None:
    assert owner_of(9198, "Kazakhtelecom") == owner_of(29355, "Kcell")
    assert owner_of(9198, None) != owner_of(21299, None)


def test_a_network_that_is_not_known_is_its_own_owners() -> None:
    assert (owner_of(64500, "Somebody"), owner_of(64500, None), owner_of(None, None)) == (
        "Somebody",
        "AS64500",
        "unknown",
    )


@pytest.mark.parametrize(
    ("row", "says"),
    [
        ("x,A,A,home,,s", "asn is 'x'; allowed is a number from 1 to 4294967295."),
        ("1,A,A,home,,s", "asn 1 stands here already."),
        ("2,A,,home,,s", "owner is empty; needed are operator, owner and source."),
        ("2,A,A,house,,s", "class is 'house'; allowed are home, mobile, office, hosting, unknown."),
    ],
)
def test_a_bad_row_is_told_with_its_line(tmp_path: Path, row: str, says: str) -> None:
    path = tmp_path / "networks.csv"
    path.write_text(f"{HEAD}1,A,A,home,,s\n{row}\n3,C,C,home,,s\n", "utf-8")
    found, problems = loaded(path)
    assert sorted(found) == [1, 3]
    assert [str(problem) for problem in problems] == [f"{path}:3: {says}"]
