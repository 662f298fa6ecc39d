"""The one TCP port: bound before anything is opened, and where it is to be found."""

import socket
import ssl

from server.config import Settings
from server.errors import GalleriaError


def open_port(settings: Settings) -> socket.socket:
    """Bind the port; it does not listen yet.

    Raises PORT_UNAVAILABLE or TLS_FILES with what to do.
    """
    check_tls(settings)
    host, number = settings.listen.host, settings.listen.port
    port = socket.socket(socket.AF_INET6 if ":" in host else socket.AF_INET)
    port.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
    try:
        port.bind((host, number))
    except OSError as error:
        port.close()
        raise GalleriaError(
            "PORT_UNAVAILABLE",
            f"{host}:{number} cannot be opened ({error.strerror}). Stop what uses it, or choose "
            "another port: PORT=9000 make demo, or galleria serve --port 9000.",
            {"host": host, "port": number},
        ) from error
    return port


def check_tls(settings: Settings) -> None:
    """Raises TLS_FILES when there is a certificate that TLS cannot begin with."""
    listen, workers = settings.listen, settings.workers.count
    if listen.tls_certificate_file is None or listen.tls_key_file is None:
        return
    files = {"certificate": str(listen.tls_certificate_file), "key": str(listen.tls_key_file)}
    if workers > 1:
        raise GalleriaError(
            "TLS_FILES",
            f"{workers} workers hand sockets to one another, which TLS does not allow. Let it end "
            "in a proxy (docs/WORKERS.md), or start one worker.",
            {**files, "workers": workers},
        )
    try:
        ssl.create_default_context(ssl.Purpose.CLIENT_AUTH).load_cert_chain(
            listen.tls_certificate_file, listen.tls_key_file
        )
    except (OSError, ValueError) as error:
        raise GalleriaError(
            "TLS_FILES",
            f"TLS cannot begin with {files['certificate']} and {files['key']}: {error}. Both must "
            "be PEM files that can be read, and the key that of the certificate.",
            files,
        ) from error


def url_of_port(number: int, settings: Settings) -> str:
    """Where clients find the server when it has got this port."""
    if settings.listen.public_url:
        return settings.listen.public_url
    host = settings.listen.host
    shown = "127.0.0.1" if host in ("0.0.0.0", "::") else host  # noqa: S104 - shown, not bound
    scheme = "http" if settings.listen.tls_certificate_file is None else "https"
    return f"{scheme}://{f'[{shown}]' if ':' in shown else shown}:{number}"
