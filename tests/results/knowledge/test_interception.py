"""Whose certificates are a state's, and whose never are. Each row is a promise to the reader of our reports."""

from pathlib import Path
from typing import Any

import certifi
import pytest
from cryptography import x509
from cryptography.x509.oid import NameOID
from hypothesis import example, given, settings
from hypothesis import strategies as st

from results.knowledge import HERE, bundled, with_users
from results.knowledge.interception import Authority, By, Known, read, state_authority
from results.records import Certificate

ISCA = "Information Security Certification Authority"
QAZNET = "Qaznet Trust Network"
PLANNED = "НЕГІЗГІ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ"
NATIONAL = "C=KZ,CN=ҰЛТТЫҚ КУӘЛАНДЫРУШЫ ОРТАЛЫҚ (RSA)"
ROOT_SHA1 = "ea5d093c312e1a516937e153c06c2d82127b47d6"
CHROMIUM_SHA256 = "00309c736dd661da6f1eb24173aa849944c168a43a15bffd192eecfdb6f8dbd2"
LETS_ENCRYPT = "CN=R11,O=Let's Encrypt,C=US"


def certificate(subject: str = "CN=site.example", issuer: str = LETS_ENCRYPT, **prints: str) -> Certificate:
    usual: dict[str, Any] = {"sha256": "0" * 64, "subject": subject, "issuer": issuer}
    return Certificate(**usual | prints)


def found(*chain: Certificate) -> Known | None:
    return state_authority(chain, bundled().authorities)


# What is a state's


@pytest.mark.parametrize(
    ("issuer", "authority"),
    [
        (f"CN={ISCA},O=ISCA,C=KZ", ISCA),
        (f"C=KZ,O=ISCA,CN={ISCA}", ISCA),
        (f"CN={ISCA} CA", ISCA),
        ("CN=information security  certification authority", ISCA),
        (f"cn={ISCA},c=KZ", ISCA),
        (f"CN={ISCA}+O=ISCA,C=KZ", ISCA),
        ("CN=Something new,O=ISCA,C=KZ", ISCA),
        ("CN=Something new,O=isca,C=kz", ISCA),
        (f"CN={QAZNET},C=KZ", QAZNET),
        (f"CN={QAZNET}", QAZNET),
        ("CN=Qaznet CA 2,C=KZ", QAZNET),
        ("CN=Security Certificate,C=KZ", QAZNET),
        ("1.2.840.113549.1.9.1=ca@example.kz,CN=\\53ecurity Certificate,C=KZ", QAZNET),
    ],
)
def test_an_issuer_gives_a_states_authority_away(issuer: str, authority: str) -> None:
    hit = found(certificate(issuer=issuer))
    assert hit is not None
    assert (hit.authority, hit.by, hit.matched, hit.seen) == (authority, By.NAME, issuer, True)
    assert hit.source


def test_a_name_above_the_leaf_is_enough() -> None:
    """The intermediates of 2021 to 2024 have subjects that nobody published."""
    leaf, above = certificate(issuer="CN=Unheard of"), certificate("CN=Unheard of", f"CN={ISCA},O=ISCA,C=KZ")
    assert found(leaf) is None
    assert found(leaf, above) is not None
    assert found(leaf, certificate(f"CN={QAZNET},C=KZ", "CN=Unheard of")) is not None


@pytest.mark.parametrize(
    ("prints", "authority", "matched"),
    [
        ({"sha1": ROOT_SHA1}, ISCA, ROOT_SHA1),
        ({"sha1": ROOT_SHA1.upper()}, ISCA, ROOT_SHA1),
        ({"sha256": CHROMIUM_SHA256}, QAZNET, CHROMIUM_SHA256),
    ],
)
def test_a_fingerprint_is_enough_whatever_the_names(prints: dict[str, str], authority: str, matched: str) -> None:
    hit = found(certificate(), certificate("", "", **prints))
    assert hit is not None
    assert (hit.authority, hit.by, hit.matched) == (authority, By.FINGERPRINT, matched)


def test_a_fingerprint_goes_before_a_name_and_what_was_seen_before_what_was_planned() -> None:
    both = found(certificate(issuer=f"CN={QAZNET},C=KZ"), certificate("", "", sha1=ROOT_SHA1))
    seen = found(certificate(issuer=f"CN={PLANNED},C=KZ"), certificate(f"CN={QAZNET},C=KZ", ""))
    assert both is not None
    assert (both.authority, both.by) == (ISCA, By.FINGERPRINT)
    assert seen is not None
    assert seen.authority == QAZNET


def test_the_authority_of_the_plan_of_2015_is_known_and_was_never_seen() -> None:
    hit = found(certificate(issuer=f"CN={PLANNED},C=KZ"))
    assert hit is not None
    assert (hit.authority, hit.seen) == (PLANNED, False)


def test_the_words_name_the_authority_what_matched_and_the_source() -> None:
    hit = found(certificate(issuer="CN=Security Certificate,C=KZ"))
    assert hit is not None
    assert hit.words == (
        "Qaznet Trust Network (by its name CN=Security Certificate,C=KZ; "
        "known from Raman et al., IMC 2020, doi 10.1145/3419394.3423665)"
    )


def test_a_name_as_the_handshake_writes_it_is_read() -> None:
    """What cryptography writes of a certificate's name, escapes and all, is what is matched."""
    name = x509.Name(
        [
            x509.NameAttribute(NameOID.COUNTRY_NAME, "KZ"),
            x509.NameAttribute(NameOID.EMAIL_ADDRESS, 'a, "b"+c;d<e>@example.kz'),
            x509.NameAttribute(NameOID.COMMON_NAME, "Security Certificate"),
        ]
    )
    assert found(certificate(issuer=name.rfc4514_string())) is not None


# What never is


@pytest.mark.parametrize(
    "chain",
    [
        [],
        [certificate()],
        [certificate("CN=qaznet.kz"), certificate("CN=R11,O=Let's Encrypt,C=US", "CN=ISRG Root X1,C=US")],
        [certificate("CN=www.isca.example,O=ISCA,C=KZ", "CN=DigiCert Global G2,O=DigiCert Inc,C=US")],
        [certificate("CN=qaznet.kz,O=Qaznet,C=KZ", "CN=Sectigo RSA OV,O=Sectigo Limited,C=GB")],
        [certificate(f"CN={ISCA},O=ISCA,C=KZ")],  # a leaf may call itself anything
        [certificate(issuer="CN=ISCA Root,O=ISCA,C=DK")],  # another country's
        [certificate(issuer="CN=Security Certificate,C=FR")],
        [certificate(issuer="CN=Our Security Certificate,C=KZ")],
        [certificate(issuer="CN=mail.qaznet.kz,C=KZ")],  # a router's own certificate
        [certificate(issuer="CN=Qaznet CA")],  # without the country, a name like others
        [certificate(issuer=f"CN=x{ISCA}")],
        [certificate(issuer="CN=Kaspersky Anti-Virus Personal Root Certificate,O=AO Kaspersky Lab,C=RU")],
        [certificate("CN=egov.example", NATIONAL), certificate(NATIONAL, f"CN={PLANNED} (RSA),C=KZ")],
        [certificate(issuer=f"CN={PLANNED} (RSA),O=РМК «МЕМЛЕКЕТТІК ТЕХНИКАЛЫҚ ҚЫЗМЕТ»,C=KZ")],
        [certificate(issuer=f"CN={PLANNED} (GOST) 2022,C=KZ")],
        [certificate(issuer=f"CN={PLANNED}")],
    ],
)  # fmt: skip
def test_what_is_no_state_authority_stays_none(chain: list[Certificate]) -> None:
    assert found(*chain) is None


@pytest.mark.filterwarnings("ignore:Parsed a serial number which wasn't positive")  # one of those roots has none
def test_no_authority_that_the_web_trusts_is_taken_for_a_states() -> None:
    roots = x509.load_pem_x509_certificates(Path(certifi.where()).read_bytes())
    names = [root.subject.rfc4514_string() for root in roots]
    assert len(names) > 100
    assert [name for name in names if found(certificate(issuer=name), certificate(name, name))] == []


@pytest.mark.parametrize(
    "name",
    [
        "CN=Security Certificate,C=KZ,",
        "CN=Security Certificate\\,C=KZ",  # one value with a comma in it
        "O=CN\\=Security Certificate,C=KZ",
        "CN=Security Certificate,C=KAZ",
        "CN=Security Certificate\x00,C=KZ",
        "CN=#zz,C=KZ",
        "CN=Security Certificate,C=KZ" + ",OU=a" * 1000,
        "\ud800",
        "=",
        "",
    ],
)
def test_a_name_that_cannot_be_read_matches_nothing(name: str) -> None:
    assert found(certificate(issuer=name), certificate(name, name)) is None


@settings(derandomize=True, deadline=None)
@given(st.text(st.sampled_from('CNO=,+\\#;"<>abKZ01 .\x00ж\n\ud800'), max_size=40), st.text(max_size=20))
@example("CN=\\", "")
def test_no_name_is_a_crash_or_a_state(name: str, sha1: str) -> None:
    assert found(certificate(name, name, sha1=sha1), certificate(name, name, sha256=sha1)) is None


# The file


def test_the_bundled_files_have_no_problem() -> None:
    authorities, problems = read(HERE / "interception_cas.csv")
    assert problems == []
    assert authorities == bundled().authorities
    assert {authority.authority for authority in authorities} == {ISCA, QAZNET, PLANNED}
    assert len({(a.sha1, a.sha256, a.cn, a.cn_words, a.o, a.c) for a in authorities}) == len(authorities)


@pytest.mark.parametrize("row", bundled().authorities, ids=lambda row: row.sha1 or row.sha256 or row.cn + row.cn_words)
def test_every_bundled_row_has_a_source_and_dates_in_order(row: Authority) -> None:
    assert row.source
    assert (row.not_before is None) == (row.not_after is None)
    assert row.not_before is None or row.not_after is None or row.not_before < row.not_after


GOOD = {"authority": "A", "cn": "A root", "c": "KZ", "seen": "yes", "source": "a report"}


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"authority": " "}, "The authority or the source is empty; both are needed."),
        ({"source": ""}, "The authority or the source is empty; both are needed."),
        ({"cn": "", "c": ""}, "Needed is either a fingerprint (sha1, sha256) or a part of a name (cn, cn_words, o)."),
        ({"sha1": "a" * 40}, "Needed is either a fingerprint (sha1, sha256) or a part of a name (cn, cn_words, o)."),
        ({"cn": ""}, "A country alone is no authority; needed is one of cn, cn_words, o."),
        ({"c": "kz"}, 'The c "kz" is no country; allowed are two capital letters such as KZ.'),
        ({"seen": "perhaps"}, 'The seen "perhaps" is not known; allowed are yes and no.'),
        ({"cn": "", "c": "", "sha1": "abc"}, 'The sha1 "abc" is no fingerprint; allowed are 40 hex digits.'),
        ({"cn": "", "c": "", "sha256": "a" * 40}, "is no fingerprint; allowed are 64 hex digits."),
        ({"not_after": "soon"}, 'The not_after "soon" is no moment; allowed are such as 2020-02-28T06:46:02Z.'),
        ({"not_before": "2020-02-28"}, 'The not_before "2020-02-28" is no moment'),
    ],
)
def test_a_bad_line_is_told_and_harms_no_other(tmp_path: Path, change: dict[str, str], says: str) -> None:
    path = tmp_path / "cas.csv"
    columns = [*GOOD, "sha1", "sha256", "not_before", "not_after"]
    rows = [columns, [*(dict.fromkeys(columns, "") | GOOD | change).values()], [*GOOD.values(), "", "", "", ""]]
    path.write_text("\n".join(",".join(row) for row in rows))
    authorities, problems = read(path)
    assert [(problem.file, problem.line) for problem in problems] == [(str(path), 2)]
    assert says in problems[0].says
    assert [authority.cn for authority in authorities] == ["A root"]


def test_the_digest_tells_one_knowledge_from_another(tmp_path: Path) -> None:
    (tmp_path / "own.csv").write_text("name,scope,location_found,pattern_type,pattern\na,isp,body,contains,Blocked\n")
    same, _ = with_users(tmp_path / "absent")
    other, problems = with_users(tmp_path)
    assert problems == []
    assert same == bundled()
    assert same.digest == bundled().digest != other.digest
