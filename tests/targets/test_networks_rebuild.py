"""From the CSV files to the table: what the table must say is read here line by line, in the slowest way there is."""

import sys
from array import array
from collections.abc import Callable
from ipaddress import IPv4Address, IPv6Address, ip_address
from pathlib import Path

import pytest
import typer
from hypothesis import given, settings
from hypothesis import strategies as st
from typer.testing import CliRunner

from targets.networks import Network, NetworkTable, NoTable
from targets.networks import rebuild as rebuild_module
from targets.networks.file import pack, pack_rising, unpack, unpack_rising
from targets.networks.rebuild import Unfit, main, rebuilt

DAY = "2026-06-17"
GOOD = {
    "asn-ipv4.csv": '8.8.8.0,8.8.8.255,15169,"Google, LLC"\n',
    "asn-ipv6.csv": "2a00::,2a00:ffff:ffff:ffff:ffff:ffff:ffff:ffff,64500,Six\n",
    "geo-whois-asn-country-ipv4.csv": "8.8.8.0,8.8.8.255,US\n",
    "geo-whois-asn-country-ipv6.csv": "2a00::,2a00::ffff,KZ\n",
}

Row = tuple[int, int, int | str]


def table(folder: Path, **files: str) -> NetworkTable:
    """The table built from the good files, some of them replaced: asn_ipv4="…" is asn-ipv4.csv."""
    written = GOOD | {name.replace("_", "-") + ".csv": text for name, text in files.items()}
    for name, text in written.items():
        (folder / name).write_bytes(text.encode("utf-8", "surrogateescape"))
    (folder / "networks.table").write_bytes(rebuilt(DAY, folder, folder))
    return NetworkTable(folder / "networks.table")


def asn_of(found: NetworkTable, ip: str) -> int | None:
    network = found.network_of(ip)
    return network.asn if network else None


def test_a_table_says_what_the_files_say(tmp_path: Path) -> None:
    found = table(tmp_path)
    assert found.date == DAY
    assert found.network_of("8.8.8.8") == Network(asn=15169, country="US", name="Google, LLC")
    assert found.network_of("2a00::1") == Network(asn=64500, country="KZ", name="Six")


@pytest.mark.parametrize(
    ("ip", "asn"),
    [
        ("8.8.7.255", None),
        ("8.8.8.0", 15169),
        ("8.8.8.255", 15169),
        ("8.8.9.0", None),
        ("1.0.0.0", None),
        ("223.255.255.255", None),
        ("29ff:ffff:ffff:ffff:ffff:ffff:ffff:ffff", None),
        ("2a00::", 64500),
        ("2a00:ffff:ffff:ffff:ffff:ffff:ffff:ffff", 64500),
        ("2a01::", None),
    ],
)
def test_a_range_holds_from_its_first_to_its_last_address(tmp_path: Path, ip: str, asn: int | None) -> None:
    assert asn_of(table(tmp_path), ip) == asn


def test_an_address_without_a_country_has_its_network_all_the_same(tmp_path: Path) -> None:
    assert table(tmp_path).network_of("2a00::1:0") == Network(asn=64500, country=None, name="Six")


def test_a_country_without_a_network_is_not_said(tmp_path: Path) -> None:
    found = table(tmp_path, geo_whois_asn_country_ipv4="8.8.8.0,8.8.8.255,US\n9.9.9.0,9.9.9.255,CH\n")
    assert found.network_of("9.9.9.9") is None


WIDE, NARROW = "8.0.0.0,8.255.255.255,1,Wide\n", "8.8.0.0,8.8.255.255,2,Narrow\n"


@pytest.mark.parametrize("text", [WIDE + NARROW, NARROW + WIDE])
def test_the_narrower_of_two_ranges_wins_in_whatever_order(tmp_path: Path, text: str) -> None:
    found = table(tmp_path, asn_ipv4=text)
    ips = ["8.7.255.255", "8.8.0.0", "8.8.255.255", "8.9.0.0"]
    assert [asn_of(found, ip) for ip in ips] == [1, 2, 2, 1]


def test_of_equally_wide_ranges_the_later_wins(tmp_path: Path) -> None:
    found = table(tmp_path, asn_ipv4="8.8.8.0,8.8.8.255,1,A\n8.8.8.0,8.8.8.255,2,B\n8.8.8.128,8.8.9.127,3,C\n")
    ips = ["8.8.8.0", "8.8.8.127", "8.8.8.128", "8.8.9.127", "8.8.9.128"]
    assert [asn_of(found, ip) for ip in ips] == [2, 2, 3, 3, None]


def test_ranges_may_be_finer_than_a_64_in_ipv6(tmp_path: Path) -> None:
    lines = (
        "2a00::,2a00::2f,1,A\n2a00::30,2a00::30,2,B\n2a00::31,2a00::ffff:ffff:ffff:ffff,1,A\n"
        "2a00:0:0:1:8000::,2a00:0:0:1:ffff::,3,C\n"
    )
    found = table(tmp_path, asn_ipv6=lines)
    ips = ["2a00::2f", "2a00::30", "2a00::31", "2a00:0:0:1::", "2a00:0:0:1:8000::", "2a00:0:0:1:ffff::1"]
    assert [asn_of(found, ip) for ip in ips] == [1, 2, 1, None, 3, None]


def test_no_file_makes_a_private_address_public(tmp_path: Path) -> None:
    everything = "0.0.0.0,255.255.255.255,1,All\n"
    found = table(tmp_path, asn_ipv4=everything, asn_ipv6="::,ffff:ffff:ffff:ffff:ffff:ffff:ffff:ffff,1,All\n")
    ips = ["9.255.255.255", "10.0.0.0", "10.255.255.255", "11.0.0.0", "255.255.255.255", "fe80::1", "2c00::", "2001::5"]
    assert [asn_of(found, ip) for ip in ips] == [1, None, None, 1, None, None, 1, None]


def test_names_come_on_one_line(tmp_path: Path) -> None:
    found = table(tmp_path, asn_ipv4='8.8.8.0,8.8.8.255,1,"  A\u00a0 B \u00ad ""C""  "\n9.9.9.0,9.9.9.255,2,\n')
    networks = [found.network_of(ip) for ip in ("8.8.8.8", "9.9.9.9")]
    assert [network.name for network in networks if network] == ['A B - "C"', ""]


def test_the_same_files_give_the_same_bytes(tmp_path: Path) -> None:
    table(tmp_path)
    assert rebuilt(DAY, tmp_path, tmp_path) == rebuilt(DAY, tmp_path, tmp_path)


@pytest.mark.parametrize(
    ("name", "line", "says"),
    [
        ("asn_ipv4", "8.8.8,8.8.8.255,1,A", '"8.8.8" is no IPv4 address.'),
        ("asn_ipv4", "2a00::,2a00::1,1,A", '"2a00::" is no IPv4 address.'),
        ("asn_ipv6", "8.8.8.0,8.8.8.255,1,A", '"8.8.8.0" is no IPv6 address.'),
        ("asn_ipv4", "9.0.0.1,9.0.0.0,1,A", 'The range ends at "9.0.0.0", before it begins at "9.0.0.1".'),
        ("asn_ipv4", "9.0.0.0,9.0.0.1,1", "The line has 3 cells; allowed are 4."),
        ("asn_ipv4", "", "The line has 0 cells; allowed are 4."),
        ("asn_ipv4", "9.0.0.0,9.0.0.1,AS1,A", '"AS1" is no ASN; allowed are numbers from 1 to 4294967295.'),
        ("asn_ipv4", "9.0.0.0,9.0.0.1,0,A", '"0" is no ASN; allowed are numbers from 1 to 4294967295.'),
        ("asn_ipv4", "9.0.0.0,9.0.0.1,²,A", '"²" is no ASN; allowed are numbers from 1 to 4294967295.'),
        (
            "asn_ipv4",
            "9.0.0.0,9.0.0.1,4294967296,A",
            '"4294967296" is no ASN; allowed are numbers from 1 to 4294967295.',
        ),
        (
            "asn_ipv4",
            "9.0.0.0,9.0.0.1,1,\x1b[31m",
            r'The name "\x1b[31m" has a character that cannot be printed, or is not UTF-8.',
        ),
        (
            "asn_ipv4",
            "9.0.0.0,9.0.0.1,1,\udcff",
            r'The name "\udcff" has a character that cannot be printed, or is not UTF-8.',
        ),
        (
            "asn_ipv4",
            '9.0.0.0,9.0.0.1,1,"A',
            "The line is not readable as CSV (unexpected end of data); look at the quotation marks.",
        ),
        (
            "geo_whois_asn_country_ipv4",
            "9.0.0.0,9.0.0.1,kz",
            '"kz" is no country; allowed are two capital letters, such as KZ.',
        ),
    ],
)
def test_a_wrong_line_is_told_with_file_and_number(tmp_path: Path, name: str, line: str, says: str) -> None:
    good = GOOD[name.replace("_", "-") + ".csv"]
    with pytest.raises(Unfit) as caught:
        table(tmp_path, **{name: good + line + "\n" + good})
    file = tmp_path / (name.replace("_", "-") + ".csv")
    assert list(map(str, caught.value.problems)) == [f"{file}:2: {says}"]


def test_a_missing_file_and_an_empty_one_are_told(tmp_path: Path) -> None:
    for name, text in GOOD.items():
        (tmp_path / name).write_text(text if "ipv6" in name else "", encoding="utf-8")
    (tmp_path / "asn-ipv4.csv").unlink()
    with pytest.raises(Unfit) as caught:
        rebuilt(DAY, tmp_path, tmp_path)
    assert [str(problem).removeprefix(f"{tmp_path}/") for problem in caught.value.problems] == [
        "asn-ipv4.csv:0: The file cannot be read: No such file or directory.",
        "geo-whois-asn-country-ipv4.csv:0: The file holds no range of addresses.",
    ]


# The command


@pytest.fixture
def command() -> Callable[..., tuple[int, str]]:
    app = typer.Typer()
    app.command()(main)

    def run(*arguments: object) -> tuple[int, str]:
        result = CliRunner().invoke(app, [str(argument) for argument in arguments], catch_exceptions=False)
        return result.exit_code, result.output

    return run


def test_the_command_writes_a_table_and_leaves_nothing_else(
    tmp_path: Path, command: Callable[..., tuple[int, str]]
) -> None:
    table(tmp_path)
    size = (tmp_path / "networks.table").stat().st_size
    output = tmp_path / "new.table"
    files = {path.name for path in tmp_path.iterdir()}
    assert command(DAY, tmp_path, tmp_path, "--output", output) == (
        0,
        f"{output}: {size} bytes, networks of {DAY}.\n",
    )
    assert {path.name for path in tmp_path.iterdir()} == files | {"new.table"}
    assert NetworkTable(output).network_of("8.8.8.8")


def test_a_table_that_is_there_stays_when_the_files_are_wrong(
    tmp_path: Path, command: Callable[..., tuple[int, str]]
) -> None:
    table(tmp_path)
    (tmp_path / "asn-ipv4.csv").write_text("x\n" * 30, encoding="utf-8")
    before = (tmp_path / "networks.table").read_bytes()
    status, says = command(DAY, tmp_path, tmp_path, "--output", tmp_path / "networks.table")
    lines = says.splitlines()
    assert status == 2
    assert lines[0] == f"{tmp_path}/asn-ipv4.csv:1: The line has 1 cells; allowed are 4."
    assert lines[-1] == "… and 11 more."  # the file as a whole is one of them
    assert len(lines) == rebuild_module.MOST_PROBLEMS_SHOWN + 1
    assert (tmp_path / "networks.table").read_bytes() == before


def test_a_wrong_date_and_a_folder_that_is_not_there_are_told_in_a_sentence(
    tmp_path: Path, command: Callable[..., tuple[int, str]]
) -> None:
    table(tmp_path)
    assert command("June", tmp_path, tmp_path) == (2, '"June" is no date; allowed is one such as 2026-06-17.\n')
    output = tmp_path / "none" / "networks.table"
    says = f"{output}:0: The file cannot be written: No such file or directory.\n"
    assert command(DAY, tmp_path, tmp_path, "--output", output) == (2, says)


# Damage


def test_a_missing_table_is_told_in_a_sentence(tmp_path: Path) -> None:
    with pytest.raises(NoTable, match=r"^The table of networks .+ cannot be read: No such file .+\.$"):
        NetworkTable(tmp_path / "networks.table")


@pytest.mark.parametrize(
    ("damage", "says"),
    [
        (lambda _: b"", "is no table of networks of this version"),
        (lambda whole: b"<html>" + whole, "is no table of networks of this version"),
        (lambda whole: whole.replace(b"format 1", b"format 2"), "is no table of networks of this version"),
        (lambda whole: whole[:-1], "is damaged"),
        (lambda whole: whole[: len(whole) // 2], "is damaged"),
        (lambda whole: whole[:45], "is damaged"),
        (lambda whole: whole.partition(b"\n")[0] + b"\n", "is damaged"),
        (lambda whole: whole + b"\n", "is damaged"),
        (lambda whole: whole.replace(b"2026-06-17", b"2026-06-18"), "is damaged"),
        (lambda whole: whole[:-40] + bytes([whole[-40] ^ 1]) + whole[-39:], "is damaged"),
    ],
)
def test_a_damaged_table_is_told_in_a_sentence(tmp_path: Path, damage: Callable[[bytes], bytes], says: str) -> None:
    table(tmp_path)
    path = tmp_path / "networks.table"
    path.write_bytes(damage(path.read_bytes()))
    with pytest.raises(NoTable) as caught:
        NetworkTable(path)
    assert says in str(caught.value)
    assert str(path) in str(caught.value)
    assert str(caught.value).endswith(".")


# Properties

exactly = settings(derandomize=True, max_examples=100, deadline=None)
few_names = st.sampled_from([1, 2, 3, 65536, 4294967295])
few_countries = st.sampled_from(["KZ", "RU", "US"])


def rows(start: int, most: int, values: st.SearchStrategy[int | str]) -> st.SearchStrategy[list[Row]]:
    """Ranges close together, so that they touch, overlap and repeat."""
    edge = st.integers(start, start + most)
    row = st.tuples(edge, edge, values).map(lambda row: (min(row[:2]), max(row[:2]), row[2]))
    return st.lists(row, min_size=1, max_size=12)


def said(lines: list[Row], address: int) -> int | str | None:
    """Every line is read; one that is narrower, or as wide, takes the place of what was found."""
    best: Row | None = None
    for row in lines:
        if row[0] <= address <= row[1] and (best is None or row[1] - row[0] <= best[1] - best[0]):
            best = row
    return best[2] if best else None


def text(lines: list[Row], address: type[IPv4Address | IPv6Address]) -> str:
    named = {value: f"{value},The {value}" if isinstance(value, int) else value for _, _, value in lines}
    return "".join(f"{address(first)},{address(last)},{named[value]}\n" for first, last, value in lines)


@pytest.mark.parametrize(
    ("address", "start", "most"),
    [
        pytest.param(IPv4Address, int(IPv4Address("8.0.0.0")), 40, id="IPv4"),
        pytest.param(
            IPv6Address, int(IPv6Address("2a00::ffff:ffff:ffff:ffec")), 40, id="IPv6 over the border of a /64"
        ),
        pytest.param(IPv6Address, int(IPv6Address("2a00::")), 40, id="IPv6 within a /64"),
    ],
)
def test_the_table_says_what_a_reading_line_by_line_says(
    address: type[IPv4Address | IPv6Address], start: int, most: int, tmp_path: Path
) -> None:
    family = "ipv4" if address is IPv4Address else "ipv6"

    @exactly
    @given(rows(start, most, few_names), rows(start, most, few_countries))
    def holds(asns: list[Row], countries: list[Row]) -> None:
        files = {f"asn_{family}": text(asns, address), f"geo_whois_asn_country_{family}": text(countries, address)}
        found = table(tmp_path, **files)
        for number in range(start - 2, start + most + 3):
            asn, country = said(asns, number), said(countries, number)
            network = found.network_of(str(address(number)))
            expected = (asn, country, f"The {asn}") if asn else None
            assert (network and (network.asn, network.country, network.name)) == expected, ip_address(number)

    holds()


def test_any_text_is_answered(tmp_path: Path) -> None:
    found = table(tmp_path)

    @exactly
    @given(st.text() | st.text("0123456789abcdef.:%/ "))
    def holds(any_text: str) -> None:
        assert found.network_of(any_text) is None or ip_address(any_text)

    holds()


@pytest.mark.parametrize("typecode", ["B", "I", "Q"])
@pytest.mark.parametrize("order", ["little", "big"])
def test_columns_come_back_on_machines_of_either_byte_order(
    typecode: str, order: str, monkeypatch: pytest.MonkeyPatch
) -> None:
    most = (1 << 8 * array(typecode).itemsize) - 1
    numbers = array(typecode, [0, 1, most, 7, most - 1])
    rising = array(typecode, sorted(numbers))
    monkeypatch.setattr(sys, "byteorder", order)
    assert unpack(typecode, memoryview(pack(numbers))) == numbers
    assert unpack_rising(typecode, memoryview(pack_rising(rising))) == rising
    assert unpack(typecode, memoryview(pack(array(typecode)))) == array(typecode)
