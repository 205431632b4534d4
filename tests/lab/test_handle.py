"""The lab's handle: settings, environment, rights, fixtures, the ordinary user, the command line, the scenarios."""

import os
import shutil
import subprocess
import sys
import sysconfig
import tomllib
from concurrent.futures import ThreadPoolExecutor
from itertools import takewhile
from pathlib import Path
from tempfile import gettempdir
from types import SimpleNamespace

import pytest

from tests.lab import Lab, Rule, Site, fixtures, rights
from tests.lab.rules import Address, Drop, Everything
from tests.lab.scenarios import SCENARIOS, SLOW, Scenario

ROOT = Path(__file__).resolve().parents[2]
lab_only = pytest.mark.lab
CURL_SAYS = {
    "dns.nxdomain": 6,
    "dns.bogus": 28,
    "dns.injection": 28,
    "tcp.timeout": 28,
    "tcp.refused": 7,
    "tcp.unreachable": 7,
    "tls.reset": 35,
    "tls.timeout": 28,
    "tls.closed": 35,
    "tls.interception": 60,
    "http.blockpage": 0,
    "http.redirect": 0,
    "http.reset": 56,
}


@lab_only
def test_settings_for_the_product(lab: Lab) -> None:
    control = {"url": "https://control.open-steppe.org/"}
    path = lab.config(control=control, vantage={"class": "isp"}, dns={"trusted": None, "budget_s": 2.5})
    written = tomllib.loads(path.read_text(encoding="utf-8"))
    assert written == {
        "vantage": {"country": "KZ", "class": "isp"},
        "dns": {"budget_s": 2.5},
        "reference": {"urls": lab.reference_urls},
        "store": {"url": f"sqlite:///{lab.folder}/store.sqlite"},
        "control": control,
    }
    assert tomllib.loads(lab.config().read_text(encoding="utf-8"))["dns"] == {"trusted": [lab.doh_url]}


@lab_only
def test_the_environment_of_commands(lab: Lab, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("HTTPS_PROXY", "http://proxy.invalid:3128")
    said = lab.run(["env"], env={"OWN": "1"}).stdout.splitlines()
    values = dict(line.split("=", 1) for line in said if "=" in line)
    assert values["SSL_CERT_FILE"] == str(lab.ca_file)
    assert values["PATH"].split(":")[0] == str(Path(sys.executable).parent)
    assert values["OWN"] == "1"
    assert "HTTPS_PROXY" not in values
    assert values["XDG_DATA_HOME"].startswith(str(lab.folder))
    assert lab.run(["pwd"]).stdout.strip() == str(Path.cwd())
    assert lab.run(["pwd"], cwd="/").stdout == "/\n"


@lab_only
def test_a_command_that_takes_too_long(lab: Lab) -> None:
    with pytest.raises(subprocess.TimeoutExpired):
        lab.run(["sleep", "5"], timeout_s=0.05)
    with pytest.raises(subprocess.CalledProcessError):
        lab.run(["false"], check=True)


def test_orders_that_cannot_be_carried_out_are_refused_at_once() -> None:
    with pytest.raises(ValueError, match="no hop 5"):
        Lab(rules=[Rule(Everything(), Drop(), hop=5)], hops=4)
    with pytest.raises(ValueError, match="not-an-address"):
        Lab(rules=[Rule(Address("not-an-address"), Drop())])
    with pytest.raises(ValueError, match="300"):
        Lab(sites=[Site("plain.kz", ip="10.300.0.1")])
    with pytest.raises(ValueError, match="hops"):
        Lab(hops=0)


def test_what_is_missing_is_told(monkeypatch: pytest.MonkeyPatch) -> None:
    real = shutil.which
    monkeypatch.setattr(shutil, "which", lambda name, **more: None if name == "ip" else real(name, **more))
    assert rights.missing.__wrapped__() == "the lab needs the program ip"


@pytest.mark.parametrize(("ci", "raised"), [("", pytest.skip.Exception), ("true", pytest.fail.Exception)])
def test_without_rights_a_user_skips_and_ci_fails(
    monkeypatch: pytest.MonkeyPatch, ci: str, raised: type[BaseException]
) -> None:
    monkeypatch.setenv("CI", ci)
    monkeypatch.setattr(fixtures, "Lab", SimpleNamespace(missing=lambda: "no such device"))
    with pytest.raises(raised, match="no such device"):
        fixtures.demand_rights()


@lab_only
@pytest.mark.skipif(os.geteuid() != 0, reason="only root can become someone else")
def test_an_ordinary_user_can_run_a_lab(tmp_path: Path) -> None:
    script = tmp_path / "ordinary.py"
    script.write_text(
        """
import os
from tests.lab import Lab, Rule, Site
from tests.lab.rules import Reset, Sni
assert os.getuid() == 65534 and Lab.missing() is None
with Lab([Site("plain.kz"), Site("other.kz")], [Rule(Sni("plain.kz"), Reset())], delay_ms=1) as lab:
    fetch = ["curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}"]
    print(*(lab.run([*fetch, f"https://{name}.kz/"]).returncode for name in ("plain", "other")))
    lab.set_line(route=False)
    print(lab.run([*fetch, "http://46.226.18.1/"]).returncode, lab.in_world(["id", "-u"]).stdout.strip(), len(lab.seen))
""",
        encoding="utf-8",
    )
    for place in (script, *takewhile(lambda folder: folder != Path(gettempdir()), script.parents)):
        place.chmod(0o755)
    python, path = _python_for_everyone()
    user = ["setpriv", "--reuid=65534", "--regid=65534", "--clear-groups", "env", f"PYTHONPATH={path}", "TMPDIR=/tmp"]
    # On some machines root alone may open the device; here everyone may, in a file system of the test's own.
    opened = 'mount -t tmpfs none /dev/net && mknod -m 666 /dev/net/tun c 10 200 && exec "$@"'
    command = ["unshare", "--mount", "sh", "-c", opened, "sh", *user, python, "-B", str(script)]
    done = subprocess.run(command, capture_output=True, text=True, check=False, timeout=20, cwd="/")
    assert (done.stdout, done.stderr) == ("35 0\n7 0 1\n", "")


def _python_for_everyone() -> tuple[str, str]:
    """An interpreter that another user may execute, and its import path."""
    path = f"{ROOT}:{sysconfig.get_path('purelib')}"
    version = f"{sys.version_info[0]}.{sys.version_info[1]}"
    for python in (sys.executable, f"/usr/bin/python{version}", f"/usr/local/bin/python{version}"):
        trial = ["setpriv", "--reuid=65534", "--clear-groups", "--regid=65534", "env", f"PYTHONPATH={path}"]
        script = "import cryptography.x509, dns.message, tests"
        try:
            done = subprocess.run([*trial, python, "-B", "-c", script], capture_output=True, check=False, cwd="/")
        except OSError:
            continue
        if done.returncode == 0:
            return python, path
    pytest.skip("no Python here that another user may execute")


@lab_only
def test_every_scenario_is_as_it_says(demo_lab: Lab) -> None:
    def seen(scenario: Scenario) -> int:
        return demo_lab.run(["curl", "-sSL", "-m", "1", "-o", "/dev/null", scenario.url]).returncode

    with ThreadPoolExecutor(8) as pool:
        codes = dict(zip((scenario.name for scenario in SCENARIOS), pool.map(seen, SCENARIOS), strict=True))
    expected = {scenario.name: CURL_SAYS[scenario.mechanisms[0]] for scenario in SCENARIOS if scenario.mechanisms}
    expected |= {"fine https": 0, "fine http": 0, "403 from the site": 0}
    expected |= {"expired certificate": 60, "self-signed certificate": 60}
    expected |= {"refused for everyone": 7, "silent for everyone": 28, "no such name for anyone": 6}
    assert codes == expected


def test_scenarios_are_well_formed() -> None:
    everything = SCENARIOS + SLOW
    assert len({scenario.name for scenario in everything}) == len(everything)
    assert len({scenario.host for scenario in everything}) == len(everything)
    assert {scenario.verdict for scenario in everything} <= {
        "accessible",
        "blocked",
        "throttled",
        "down",
        "inconclusive",
    }
    assert {mechanism for scenario in SCENARIOS for mechanism in scenario.mechanisms} == set(CURL_SAYS)


@lab_only
def test_the_command_line() -> None:
    command = [sys.executable, "-m", "tests.lab"]
    listed = subprocess.run([*command, "--list"], cwd=ROOT, capture_output=True, text=True, check=True)
    assert all(scenario.url in listed.stdout for scenario in SCENARIOS)
    assert "simulated" in listed.stdout
    fetch = ["--", "curl", "-sS", "-o", "/dev/null", "-w", "%{http_code}", SCENARIOS[0].url]
    done = subprocess.run([*command, *fetch], cwd=ROOT, capture_output=True, text=True, check=False)
    assert (done.returncode, done.stdout) == (0, "200")
    settled = ["--", "sh", "-c", 'test -s "$XDG_CONFIG_HOME/kedergi/kedergi.toml" && exit 7']
    failed = subprocess.run([*command, *settled], cwd=ROOT, capture_output=True, check=False)
    assert failed.returncode == 7
