"""A certificate for a server without a proxy before it: TLS 1.2 or newer. Certificates are not made or renewed here."""

import ssl
from dataclasses import dataclass
from pathlib import Path

from probe.config import ConfigError


@dataclass(frozen=True, slots=True)
class Certificate:
    """The files, in PEM: the certificate with those between it and its root, and its key."""

    certificate: Path
    key: Path

    def context(self) -> ssl.SSLContext:
        """Read anew by each worker that starts. Raises ConfigError."""
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.minimum_version = ssl.TLSVersion.TLSv1_2
        for option, path in (("--tls-cert", self.certificate), ("--tls-key", self.key)):
            try:
                path.read_bytes()
            except OSError as exc:
                raise ConfigError(f"{option} names {path}, which can't be read: {exc.strerror}.") from exc
        try:
            # Without a password openssl would ask on the terminal for one.
            context.load_cert_chain(self.certificate, self.key, password="")
        except (ssl.SSLError, ValueError) as exc:
            raise ConfigError(
                f"--tls-cert {self.certificate} and --tls-key {self.key}: allowed are a certificate and the key "
                "that belongs to it, both in PEM, the key without a password."
            ) from exc
        return context


def certificate(cert: Path | None, key: Path | None) -> Certificate | None:
    """What the two options say. Raises ConfigError."""
    if cert is None and key is None:
        return None
    if cert is None or key is None:
        raise ConfigError("Give both --tls-cert and --tls-key, or neither where a proxy ends TLS.")
    Certificate(cert, key).context()
    return Certificate(cert, key)
