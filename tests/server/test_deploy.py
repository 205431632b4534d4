"""What is shipped to run a server with: the container, compose, systemd, and the proxies of docs/server.md."""

import configparser
import re
import shutil
import subprocess
from contextlib import ExitStack
from pathlib import Path
from typing import Any

import httpx
import pytest
import trustme
import typer.main
import yaml  # type: ignore[import-untyped]

from kedergi import app
from probe.config import load
from tests.server.intake.sending import Sender, fates
from tests.server.serving import Served, free_port, until

ROOT = Path(__file__).parent.parent.parent
DOCS = (ROOT / "docs" / "server.md").read_text("utf-8")
COMPOSE: dict[str, Any] = yaml.safe_load((ROOT / "compose.yaml").read_text("utf-8"))
DOCKERFILE = (ROOT / "Dockerfile").read_text("utf-8")
UNIT = ROOT / "deploy" / "kedergi-server.service"


def unit() -> configparser.SectionProxy:
    read = configparser.ConfigParser(strict=False, interpolation=None)
    read.optionxform = str  # type: ignore[assignment,method-assign]
    read.read(UNIT, "utf-8")
    return read["Service"]


def understood(words: list[str]) -> dict[str, Any]:
    """What our own command makes of the words after its name."""
    name, *rest = words
    commands: dict[str, Any] = typer.main.get_command(app).commands  # type: ignore[attr-defined]
    params: dict[str, Any] = commands[name].make_context(name, rest).params
    return params


def last_json(instruction: str) -> list[str]:
    (found,) = re.findall(rf"^{instruction} (\[.*\])$", DOCKERFILE, re.MULTILINE)
    words: list[str] = yaml.safe_load(found)
    return words


# The command lines


def test_every_command_line_is_one_that_the_program_understands() -> None:
    said = understood(last_json("CMD"))
    assert (said["host"], said["port"], said["log"]) == ("0.0.0.0", 8733, "json")
    composed = understood(COMPOSE["services"]["server"]["command"])
    assert (composed["workers"], composed["metrics"]) == (2, "0.0.0.0:9464")
    program, *words = unit()["ExecStart"].split()
    assert program.endswith("/bin/kedergi")
    assert understood(words)["metrics"] == "127.0.0.1:9464"


def test_the_configuration_that_is_shipped_is_read() -> None:
    settings = load(ROOT / "deploy" / "server.toml")
    assert settings.store.url == "postgresql+psycopg://kedergi@database/kedergi"
    assert settings.probe.lists == ("kz",)


# The container


def test_the_image_that_runs_is_not_the_one_that_builds_and_not_of_root() -> None:
    built, runs = re.split(r"^FROM ", DOCKERFILE, flags=re.MULTILINE)[1:]
    assert "pip install" in built
    assert "uninstall -y pip" in built
    assert re.search(r"^RUN .*(pip|apt)", runs, re.MULTILINE) is None
    assert re.findall(r"^USER (\d+):(\d+)$", runs, re.MULTILINE) == [("10001", "10001")]
    assert "HEALTHCHECK" in runs
    assert "VOLUME /var/lib/kedergi" in runs


def test_what_the_image_is_made_of_is_there_and_let_in() -> None:
    copied = {word for line in re.findall(r"^COPY (?!--)(.*)$", DOCKERFILE, re.MULTILINE) for word in line.split()[:-1]}
    let_in = {line[1:] for line in (ROOT / ".dockerignore").read_text("utf-8").splitlines() if line.startswith("!")}
    assert copied == let_in
    assert [name for name in copied if not (ROOT / name).exists()] == []


@pytest.mark.parametrize("name", ["server", "database"])
def test_each_service_has_no_rights_and_a_read_only_disk(name: str) -> None:
    service = COMPOSE["services"][name]
    assert service["read_only"] is True
    assert service["cap_drop"] == ["ALL"]
    assert "no-new-privileges:true" in service["security_opt"]
    assert {"cap_add", "privileged", "network_mode"} & set(service) == set()
    assert service["healthcheck"]["test"][0] == "CMD"
    assert [port for port in service.get("ports", ()) if not port.startswith("127.0.0.1:")] == []
    assert all(name in COMPOSE["volumes"] or name.startswith("./") for name in _sources(service))


def _sources(service: dict[str, Any]) -> list[str]:
    return [volume.partition(":")[0] for volume in service["volumes"]]


def test_no_password_is_shipped_and_the_database_comes_first() -> None:
    server, database = COMPOSE["services"]["server"], COMPOSE["services"]["database"]
    secrets = (server["environment"]["PGPASSWORD"], database["environment"]["POSTGRES_PASSWORD"])
    assert all(one.startswith("${KEDERGI_DB_PASSWORD:?") for one in secrets)
    assert server["depends_on"]["database"]["condition"] == "service_healthy"
    assert int(re.findall(r"postgres:(\d+)", database["image"])[0]) >= 15
    assert database["user"] == "999:999"


def test_the_health_checks_ask_a_server_that_is_well_and_fail_on_one_that_is_not(tmp_path: Path) -> None:
    served = Served(f"sqlite:///{tmp_path}/kedergi.db", tmp_path)
    checks = [last_json("    CMD"), COMPOSE["services"]["server"]["healthcheck"]["test"][1:]]
    checks = [[word.replace(":8733", f":{served.port}") for word in check] for check in checks]
    assert [_status(check) for check in checks] == [1, 1]
    served.start()
    try:
        assert [_status(check) for check in checks] == [0, 0]
    finally:
        served.kill()


def _status(check: list[str]) -> int:
    assert check[0] == "python"
    import sys

    return subprocess.run([sys.executable, *check[1:]], capture_output=True, timeout=30, check=False).returncode


# systemd


def test_the_unit_gives_the_server_no_rights_but_its_own_folder() -> None:
    service = unit()
    assert service["StateDirectory"] == "kedergi"
    assert service["ProtectSystem"] == "strict"
    assert (service["CapabilityBoundingSet"], service["KillMode"]) == ("", "mixed")
    yes = ("DynamicUser", "NoNewPrivileges", "PrivateTmp", "PrivateDevices", "ProtectHome", "MemoryDenyWriteExecute")
    assert [name for name in yes if service[name] != "yes"] == []


def test_systemd_understands_the_unit_and_finds_it_closed(tmp_path: Path) -> None:
    if shutil.which("systemd-analyze") is None:
        pytest.skip("systemd is not installed here")
    text = UNIT.read_text("utf-8").replace("/opt/kedergi/bin/kedergi", "/bin/true")
    copy = tmp_path / UNIT.name
    copy.write_text(text, "utf-8")
    verified = subprocess.run(["systemd-analyze", "verify", str(copy)], capture_output=True, text=True, check=False)
    assert (verified.returncode, [line for line in verified.stderr.splitlines() if UNIT.name in line]) == (0, [])
    security = ["systemd-analyze", "security", "--offline=true", "--threshold=20", str(copy)]
    done = subprocess.run(security, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


# The proxies


def example(language: str) -> str:
    (found,) = re.findall(rf"^```{language}\n(.*?)^```", DOCS, re.DOTALL | re.MULTILINE)
    return str(found)


@pytest.fixture
def files(tmp_path: Path) -> tuple[trustme.CA, Path, Path]:
    authority = trustme.CA()
    issued = authority.issue_cert("localhost", "127.0.0.1")
    cert, key = tmp_path / "cert.pem", tmp_path / "key.pem"
    cert.write_bytes(b"".join(one.bytes() for one in issued.cert_chain_pems))
    issued.private_key_pem.write_to_path(str(key))
    return authority, cert, key


def nginx(port: int, backend: int, cert: Path, key: Path, folder: Path) -> tuple[list[str], Path]:
    """The example of the docs, on a port of loopback, in a whole configuration."""
    text = example("nginx")
    text = text.replace("listen 443 ssl;", f"listen 127.0.0.1:{port} ssl;").replace("    listen [::]:443 ssl;\n", "")
    text = re.sub(r"(ssl_certificate) .*;", rf"\1 {cert};", text)
    text = re.sub(r"(ssl_certificate_key) .*;", rf"\1 {key};", text)
    text = text.replace("127.0.0.1:8733", f"127.0.0.1:{backend}")
    temporary = "".join(
        f"{name}_temp_path {folder / name};\n" for name in ("client_body", "proxy", "fastcgi", "uwsgi", "scgi")
    )
    whole = f"daemon off;\nmaster_process off;\npid {folder / 'pid'};\nerror_log stderr;\nevents {{}}\n"
    path = folder / "nginx.conf"
    path.write_text(f"{whole}http {{\n{temporary}{text}}}\n", "utf-8")
    return ["nginx", "-p", str(folder), "-c", str(path), "-e", str(folder / "start.log")], path


def caddy(port: int, backend: int, cert: Path, key: Path, folder: Path) -> tuple[list[str], Path]:
    text = example("caddy").replace("127.0.0.1:8733", f"127.0.0.1:{backend}")
    text = text.replace("measure.example.org {", f"https://127.0.0.1:{port} {{\n    tls {cert} {key}")
    path = folder / "Caddyfile"
    path.write_text(text.replace("{\n    log {", "{\n    admin off\n    auto_https off\n    log {", 1), "utf-8")
    return ["caddy", "run", "--adapter", "caddyfile", "--config", str(path)], path


@pytest.mark.parametrize("proxy", [nginx, caddy])
def test_a_signed_batch_goes_through_the_proxy_of_the_docs_which_logs_no_address(
    proxy: Any, files: tuple[trustme.CA, Path, Path], tmp_path: Path
) -> None:
    name = proxy.__name__
    if shutil.which(name) is None:
        pytest.skip(f"{name} is not installed here")
    authority, cert, key = files
    served = Served(f"sqlite:///{tmp_path}/kedergi.db", tmp_path)
    served.start()
    port, folder = free_port(), tmp_path / name
    folder.mkdir()
    command, _ = proxy(port, served.port, cert, key, folder)
    trusting = httpx.create_ssl_context()
    authority.configure_trust(trusting)
    with ExitStack() as stack:
        stack.callback(served.kill)
        log = stack.enter_context((folder / "said.log").open("wb"))
        env = {"PATH": str(Path(shutil.which(name) or "").parent), "HOME": str(folder)}
        process = stack.enter_context(subprocess.Popen(command, stdout=log, stderr=log, env=env))
        stack.callback(process.terminate)
        client = stack.enter_context(
            httpx.Client(base_url=f"https://127.0.0.1:{port}", verify=trusting, timeout=60, trust_env=False)
        )

        def answers() -> bool:
            assert process.poll() is None, (folder / "said.log").read_text("utf-8")
            try:
                return client.get("/readyz").status_code == 200
            except httpx.TransportError:
                return False

        until(answers, f"an answer through {name}")
        sender = Sender(client)
        assert sender.enrol(served.invite()).status_code == 200
        for packing in ("", "gzip", "zstd"):
            batch = [sender.measured(f"{packing}-{number}") for number in range(100)]
            assert fates(sender.send(*batch, packing=packing)) == ["stored"] * 100
        assert client.get("/nowhere").status_code == 404
        assert client.post("/v1/measurements", content=b"x" * (8 * 1024 * 1024 + 1)).status_code in {413, 502}
        served.kill()
        assert client.get("/readyz").status_code == 502
        said = "".join(path.read_text("utf-8", "replace") for path in folder.rglob("*.log"))
        assert re.findall(r"remote_ip|remote_addr|client_ip|client:|TLS handshake error", said) == []
