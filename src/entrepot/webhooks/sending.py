"""One attempt to deliver: the request is signed and sent, and what came of it is told, not raised."""

import json
from collections.abc import Mapping
from dataclasses import dataclass, replace
from time import monotonic
from typing import Any, Final

from sqlalchemy import Row

from entrepot.plumbing.mailing import send_mail
from entrepot.plumbing.outbound import OutboundFailed
from entrepot.plumbing.posting import Line
from entrepot.values.errors import ParameterInvalid
from entrepot.webhooks.room import Webhooks
from entrepot.webhooks.rules import Kind
from entrepot.webhooks.secrets import MASK, unseal
from entrepot.webhooks.signing import dress, refusal

_HIDDEN: Final = frozenset({"authorization", "webhook-signature"})


@dataclass(frozen=True, slots=True)
class Outcome:
    """`headers` as they were sent, without secrets. `problem` is empty when it was delivered.

    `retry_after`: seconds that the target asks to be left alone.
    """

    problem: str
    status: int | None = None
    answer: str = ""
    headers: Mapping[str, str] | None = None
    milliseconds: int = 0
    retry_after: float | None = None

    @property
    def is_delivered(self) -> bool:
        return not self.problem


class Target:
    """Where one webhook delivers to, as long as it stays as it is."""

    def __init__(self, webhooks: Webhooks, row: Row[Any]) -> None:
        self.webhook_id: str = row.id
        self._webhooks = webhooks
        self._kind = Kind(row.kind)
        self._sealed = row.sealed
        self._secrets = unseal(webhooks.sealer, row)
        self._line: Line | None = None

    def is_of(self, row: Row[Any]) -> bool:
        return bool(row.sealed == self._sealed)

    async def send(self, row: Row[Any]) -> Outcome:
        """Try a delivery once."""
        began = monotonic()
        try:
            outcome = await (self._mail(row) if self._kind is Kind.MAIL else self._post(row))
        except (OutboundFailed, ParameterInvalid) as error:  # the latter: what was allowed when it was made is not now
            outcome = Outcome(error.message)
        milliseconds = round((monotonic() - began) * 1000)
        return replace(outcome, headers=outcome.headers or {}, milliseconds=milliseconds)

    async def close(self) -> None:
        if self._line is not None:
            await self._line.close()

    async def _post(self, row: Row[Any]) -> Outcome:
        dressed = dress(self._kind, self._secrets, row.event_id, self._webhooks.clock.now(), row.body)
        shown = {name: MASK if name in _HIDDEN else value for name, value in dressed.headers.items()}
        try:
            answered = await self._opened().post(dressed.body, dressed.headers, dressed.query)
        except OutboundFailed as error:
            return Outcome(error.message, headers=shown)
        problem = f"It answered with status {answered.status}."
        if answered.is_good:
            problem = refusal(self._kind, answered.body)
        return Outcome(problem, answered.status, answered.body, shown, retry_after=answered.retry_after)

    async def _mail(self, row: Row[Any]) -> Outcome:
        settings = self._webhooks.settings
        if settings.mail is None:
            return Outcome("This installation sends no mail any more.")
        said = json.loads(row.body)
        recipients = self._secrets.recipients
        took = await send_mail(
            settings.mail, recipients, said["subject"], said["text"], row.event_id, settings.seconds_max
        )
        return Outcome("", answer=took)

    def _opened(self) -> Line:
        if self._line is None:
            settings = self._webhooks.settings
            self._line = Line(self._secrets.url, settings.near, settings.seconds_max)
        return self._line
