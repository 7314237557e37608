"""A real LDAP directory: OpenLDAP's slapd in a folder of its own, on ports of this machine alone."""

import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from pathlib import Path

from tests.live import parts
from tests.live.certificates import Certificate, make_certificate
from tests.live.ports import free_port

BASE, PEOPLE, GROUPS = "dc=example,dc=com", "ou=people,dc=example,dc=com", "ou=groups,dc=example,dc=com"
SEARCHER, SEARCHER_PASSWORD = f"cn=searcher,{BASE}", "the searcher's password"
PASSWORD = "a long enough password"
_READY_SECONDS_MAX = 20.0

_CONFIGURATION = """
include /etc/ldap/schema/core.schema
include /etc/ldap/schema/cosine.schema
include /etc/ldap/schema/inetorgperson.schema
modulepath /usr/lib/ldap
moduleload back_mdb
moduleload memberof
pidfile {folder}/slapd.pid
argsfile {folder}/slapd.args
TLSCACertificateFile {tls.authority}
TLSCertificateFile {tls.certificate}
TLSCertificateKeyFile {tls.key}
allow bind_anon_dn bind_anon_cred
database mdb
suffix "{base}"
rootdn "{searcher}"
rootpw "{password}"
directory {folder}/data
overlay memberof
access to attrs=userPassword by anonymous auth by * none
access to dn.subtree="{people}" by users read by * none
access to * by * read
"""

_TOP = f"""
dn: {BASE}
objectClass: dcObject
objectClass: organization
dc: example
o: Example

dn: {PEOPLE}
objectClass: organizationalUnit
ou: people

dn: {GROUPS}
objectClass: organizationalUnit
ou: groups
"""


@dataclass
class Slapd:
    """The directory. `SEARCHER` may read everything in it."""

    folder: Path
    tls: Certificate
    port: int = field(default_factory=free_port)
    tls_port: int = field(default_factory=free_port)
    process: subprocess.Popen[bytes] | None = None

    @property
    def url(self) -> str:
        return f"ldap://localhost:{self.port}"

    @property
    def tls_url(self) -> str:
        return f"ldaps://localhost:{self.tls_port}"

    def start(self) -> None:
        # The certificate is not for 127.0.0.2.
        urls = f"ldap://127.0.0.1:{self.port} ldaps://127.0.0.1:{self.tls_port} ldaps://127.0.0.2:{self.tls_port}"
        command = [parts.command("slapd"), "-d", "0", "-f", str(self.folder / "slapd.conf"), "-h", urls]
        with (self.folder / "log").open("ab") as log:
            self.process = subprocess.Popen(command, stdout=log, stderr=log)
        deadline = time.monotonic() + _READY_SECONDS_MAX
        while not _answers(self.tls_port):
            assert self.process.poll() is None, (self.folder / "log").read_text()
            assert time.monotonic() < deadline, "slapd did not start"
            time.sleep(0.02)  # another process: its socket is the only event there is

    def stop(self) -> None:
        """It closes every connection; `start` brings it back."""
        if self.process is not None and self.process.poll() is None:
            self.process.send_signal(signal.SIGCONT)
            self.process.terminate()
            self.process.wait(10)

    def add(self, ldif: str) -> None:
        self._run("ldapadd", ldif)

    def modify(self, ldif: str) -> None:
        self._run("ldapmodify", ldif)

    def add_person(self, uid: str, mail: str = "", **more: str) -> None:
        """A person with `PASSWORD`."""
        lines = {"objectClass": "inetOrgPerson", "uid": uid, "cn": uid, "sn": uid, "userPassword": PASSWORD, **more}
        if mail:
            lines["mail"] = mail
        self.add(f"dn: uid={uid},{PEOPLE}\n" + "\n".join(f"{key}: {value}" for key, value in lines.items()) + "\n")

    def add_group(self, name: str, *members: str) -> None:
        listed = "\n".join(f"member: uid={uid},{PEOPLE}" for uid in members)
        self.add(f"dn: cn={name},{GROUPS}\nobjectClass: groupOfNames\ncn: {name}\n{listed}\n")

    def _run(self, command: str, ldif: str) -> None:
        program = parts.command(command, package="ldap-utils")
        shown = ["-x", "-H", f"ldap://127.0.0.1:{self.port}", "-D", SEARCHER, "-w", SEARCHER_PASSWORD]
        done = subprocess.run([program, *shown], input=ldif, capture_output=True, text=True, timeout=30, check=False)
        assert done.returncode == 0, done.stderr


@contextmanager
def running_slapd(folder: Path) -> Iterator[Slapd]:
    """A directory with nobody in it. Ends the test when slapd is not installed."""
    parts.command("slapd")
    parts.command("ldapadd", package="ldap-utils")
    (folder / "data").mkdir()
    slapd = Slapd(folder, make_certificate(folder))
    (folder / "slapd.conf").write_text(
        _CONFIGURATION.format(
            folder=folder, tls=slapd.tls, base=BASE, people=PEOPLE, searcher=SEARCHER, password=SEARCHER_PASSWORD
        )
    )
    slapd.start()
    try:
        slapd.add(_TOP)
        yield slapd
    finally:
        slapd.stop()
        shutil.rmtree(folder / "data", ignore_errors=True)


def _answers(port: int) -> bool:
    with socket.socket() as probe:
        probe.settimeout(1)
        return probe.connect_ex(("127.0.0.1", port)) == 0
