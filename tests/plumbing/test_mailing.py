"""Mail goes to a real server: over STARTTLS, signed in, or not at all."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from entrepot.plumbing.mailing import MailServer, Security, send_mail
from entrepot.plumbing.outbound import OutboundFailed
from tests.live.certificates import Certificate, make_certificate
from tests.live.ports import free_port
from tests.make.mailbox import PASSWORD, USER, Mailbox, running_mailbox

TO = ["alice@example.com", "bob@example.com"]


@pytest.fixture(scope="module")
def certificate(tmp_path_factory: pytest.TempPathFactory) -> Certificate:
    return make_certificate(tmp_path_factory.mktemp("tls"))


@pytest.fixture
def mailbox(certificate: Certificate) -> Iterator[Mailbox]:
    with running_mailbox(certificate, signs_in=True) as mailbox:
        yield mailbox


def server(port: int, security: Security = Security.STARTTLS, password: str = PASSWORD) -> MailServer:
    return MailServer("127.0.0.1", port, security, "images@example.org", USER, password)


async def send(to: MailServer, text: str = "an image") -> str:
    return await send_mail(to, TO, "Image pushed: acme/web:v1", text, "m1", 5)


async def test_a_message_is_handed_over_with_starttls_and_a_sign_in(
    mailbox: Mailbox, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))

    assert await send(server(mailbox.port), "Tags: v1 中文\n") == "Taken for 2."

    [message] = mailbox.messages
    assert (message["Subject"], message["From"]) == ("Image pushed: acme/web:v1", "images@example.org")
    assert message["Message-ID"] == "<m1@example.org>"
    assert message["Auto-Submitted"] == "auto-generated"
    assert message.get_content().replace("\r\n", "\n") == "Tags: v1 中文\n"
    assert (mailbox.recipients, mailbox.users, mailbox.is_tls) == ([TO], [USER], [True])


async def test_a_server_whose_certificate_nobody_vouches_for_is_told_no_password(mailbox: Mailbox) -> None:
    with pytest.raises(OutboundFailed, match="CERTIFICATE_VERIFY_FAILED"):
        await send(server(mailbox.port))

    assert mailbox.users == []


async def test_a_wrong_password_is_told(
    mailbox: Mailbox, certificate: Certificate, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setenv("SSL_CERT_FILE", str(certificate.authority))

    with pytest.raises(OutboundFailed, match="535") as failed:
        await send(server(mailbox.port, password="wrong"))

    assert "wrong" not in failed.value.message


async def test_what_the_server_refuses_is_told() -> None:
    plain = MailServer("127.0.0.1", 0, Security.NONE, "images@example.org")
    with running_mailbox() as mailbox:
        to = MailServer(plain.host, mailbox.port, plain.security, plain.sender)
        mailbox.refuses = "451 4.3.0 later"
        with pytest.raises(OutboundFailed, match="451"):
            await send(to)
        mailbox.refuses, mailbox.refused = "", set(TO)
        with pytest.raises(OutboundFailed, match="nobody of this name"):
            await send(to)


async def test_a_message_that_some_can_have_is_not_sent_to_them_again_for_the_others() -> None:
    with running_mailbox() as mailbox:
        mailbox.refused = {TO[1]}
        said = await send(MailServer("127.0.0.1", mailbox.port, Security.NONE, "images@example.org"))

    assert said == "Taken for 1; not for bob@example.com: 5.1.1 nobody of this name."
    assert mailbox.recipients == [TO[:1]]


async def test_a_server_that_is_not_there_is_told(tmp_path: Path) -> None:
    with pytest.raises(OutboundFailed, match="did not take it"):
        await send(MailServer("127.0.0.1", free_port(), Security.NONE, "images@example.org"))
