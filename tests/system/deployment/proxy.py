"""nginx with the site file that we ship: only its addresses, ports, folders and the one venue in it are changed."""

import http.client
import os
import secrets
import shutil
import signal
import socket
import ssl
import subprocess
import time
from contextlib import closing, contextmanager
from dataclasses import dataclass
from pathlib import Path

import pytest
import trustme

from tests.support import ROOT

SHIPPED = ROOT / "docs" / "deployment" / "nginx.conf"
HOST = "status.example.org"
#: Clients of these addresses of this machine are a venue's, and everybody else.
VENUE, HOME = "127.0.0.2", "127.0.0.3"
START_S = 10

#: What Debian's own file has around a site, for a machine on which we may be root or not, and other sites may run.
AROUND = """
daemon off;
worker_processes 1;
{user}
pid {folder}/nginx.pid;
error_log {folder}/main.error.log;
events {{ worker_connections 1024; }}
http {{
    client_body_temp_path {folder}/temp/body;
    proxy_temp_path {folder}/temp/proxy;
    fastcgi_temp_path {folder}/temp/fastcgi;
    uwsgi_temp_path {folder}/temp/uwsgi;
    scgi_temp_path {folder}/temp/scgi;
    include {folder}/conf.d/*.conf;
}}
"""


def program():
    """The path of nginx; skips where there is none, and fails in CI."""
    found = shutil.which("nginx", path=f"{os.environ.get('PATH', '')}:/usr/sbin:/usr/local/sbin")
    if found:
        return found
    reason = "no nginx here: install it (Debian: apt install nginx)"
    if os.environ.get("CI") == "true":
        pytest.fail(reason)
    pytest.skip(reason)


def set_up(folder, *, port, plain_port, upstreams):
    """Write the site and what is around it; return the main file and the authority of its certificate."""
    text = SHIPPED.read_text()
    for shipped, here in (
        ("listen 80;", f"listen 127.0.0.1:{plain_port};"),
        ("    listen [::]:80;\n", ""),
        ("listen 443 ssl", f"listen 127.0.0.1:{port} ssl"),
        ("    listen [::]:443 ssl http2;\n", ""),
        (f"https://{HOST}$request_uri", f"https://{HOST}:{port}$request_uri"),
        ("server 127.0.0.1:8001 ", f"server 127.0.0.1:{upstreams[0]} "),
        ("server 127.0.0.1:8002 ", f"server 127.0.0.1:{upstreams[1]} "),
        ("/var/log/nginx/", f"{folder}/"),
        ("# 203.0.113.0/24 1;", f"{VENUE}/32 1;"),
    ):
        assert shipped in text, f"nginx.conf no longer has {shipped}"
        text = text.replace(shipped, here)
    for name in ("conf.d", "temp", "session-status"):
        (folder / name).mkdir()
    (folder / "conf.d" / "session-status.conf").write_text(text)
    main = folder / "nginx.conf"
    main.write_text(AROUND.format(folder=folder, user="user root;" if os.geteuid() == 0 else ""))
    authority = trustme.CA()
    certificate = authority.issue_cert(HOST)
    certificate.private_key_pem.write_to_path(folder / "session-status" / "key.pem")
    for blob in certificate.cert_chain_pems:
        blob.write_to_path(folder / "session-status" / "certificate.pem", append=True)
    return main, authority


@dataclass
class Proxy:
    """A running nginx: how to ask it, and what it has logged."""

    folder: Path
    port: int
    plain_port: int
    process: subprocess.Popen
    tls: ssl.SSLContext

    @property
    def origin(self):
        return f"https://{HOST}:{self.port}"

    def connect(self, client=VENUE):
        """A TLS connection from an address of a client."""
        raw = socket.create_connection(("127.0.0.1", self.port), timeout=30, source_address=(client, 0))
        return self.tls.wrap_socket(raw, server_hostname=HOST)

    def ask(self, path, *, method="GET", body=None, headers=None, client=VENUE):
        """One request on a connection of its own: status, headers, body."""
        connection = http.client.HTTPConnection(HOST, self.port)
        connection.sock = self.connect(client)
        with closing(connection):
            connection.request(method, path, body=body, headers=headers or {})
            answer = connection.getresponse()
            return answer.status, answer.headers, answer.read()

    def logged(self):
        """All that nginx wrote about requests and errors. It writes after it has answered, and in order."""
        last = f"/last-{secrets.token_hex(8)}"
        self.ask(last)
        end = time.monotonic() + START_S
        while last not in (text := self.logs()):
            assert time.monotonic() < end, text
            time.sleep(0.01)
        return text

    def logs(self):
        """The content of all its logs at this moment."""
        return "".join(path.read_text() for path in sorted(self.folder.glob("*.log")))

    def reopen(self):
        """Have nginx open its files again, as Debian's logrotate does after it has moved them."""
        self.process.send_signal(signal.SIGUSR1)


@contextmanager
def running(folder, *, port, plain_port, upstreams):
    """Start nginx, wait until it answers, and stop it."""
    main, authority = set_up(folder, port=port, plain_port=plain_port, upstreams=upstreams)
    tls = ssl.create_default_context()
    authority.configure_trust(tls)
    process = subprocess.Popen([program(), "-c", main], stderr=subprocess.PIPE, text=True)
    proxy = Proxy(folder, port, plain_port, process, tls)
    try:
        await_answer(proxy)
        yield proxy
    finally:
        process.terminate()
        process.communicate(timeout=20)


def await_answer(proxy):
    end = time.monotonic() + START_S
    while True:
        try:
            proxy.connect().close()
        except OSError:
            if proxy.process.poll() is not None or time.monotonic() > end:
                pytest.fail(f"nginx did not start: {proxy.process.stderr.read()}{proxy.logs()}")
            time.sleep(0.05)
        else:
            return
