"""Mail by SMTP, through one server that the operator named. The standard library's client, in a thread."""

import asyncio
import smtplib
import ssl
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from email.message import EmailMessage
from email.utils import formatdate
from enum import StrEnum

from entrepot.plumbing.outbound import OutboundFailed, printable
from entrepot.values.errors import worded


class Security(StrEnum):
    """How a connection to the mail server is protected."""

    STARTTLS = "starttls"
    TLS = "tls"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class MailServer:
    """`sender` is the address that mail comes from. Without `user` there is no sign-in."""

    host: str
    port: int
    security: Security
    sender: str
    user: str = ""
    password: str = field(default="", repr=False)


async def send_mail(
    server: MailServer, recipients: Sequence[str], subject: str, text: str, message_id: str, seconds_max: float
) -> str:
    """Hand one message to the server; what it said. `message_id` stays the same however often it is sent.

    Taken for some recipients only it counts as sent, or they would have it again and again. Raises OutboundFailed.
    """
    message = EmailMessage()
    message["From"] = server.sender
    message["To"] = ", ".join(recipients)
    message["Subject"] = subject
    message["Date"] = formatdate(usegmt=True)
    message["Message-ID"] = f"<{message_id}@{server.sender.rpartition('@')[2]}>"
    message["Auto-Submitted"] = "auto-generated"  # RFC 3834: nobody's absence is told to us
    message.set_content(text)
    try:
        return await asyncio.to_thread(_send, server, message, list(recipients), seconds_max)
    except (OSError, smtplib.SMTPException) as error:
        said = printable(_said(error))
        raise OutboundFailed(worded("The mail server did not take it: {said}.", said=said)) from error


def _send(server: MailServer, message: EmailMessage, recipients: list[str], seconds_max: float) -> str:
    context = ssl.create_default_context()
    if server.security is Security.TLS:
        client: smtplib.SMTP = smtplib.SMTP_SSL(server.host, server.port, timeout=seconds_max, context=context)
    else:
        client = smtplib.SMTP(server.host, server.port, timeout=seconds_max)
    with client:
        if server.security is Security.STARTTLS:
            client.starttls(context=context)
        if server.user:
            client.login(server.user, server.password)
        refused = client.send_message(message, server.sender, recipients)
    taken = f"Taken for {len(recipients) - len(refused)}"
    return f"{taken}; not for {_refusals(refused)}." if refused else f"{taken}."


def _said(error: Exception) -> str:
    match error:
        case smtplib.SMTPRecipientsRefused():
            return _refusals(error.recipients)
        case smtplib.SMTPResponseException():
            return f"{error.smtp_code} {_text(error.smtp_error)}"
    return str(error) or type(error).__name__


def _refusals(refused: Mapping[str, tuple[int, bytes]]) -> str:
    return "; ".join(f"{one}: {_text(why)}" for one, (_code, why) in refused.items())


def _text(said: bytes | str) -> str:
    return said.decode("utf-8", "replace") if isinstance(said, bytes) else said
