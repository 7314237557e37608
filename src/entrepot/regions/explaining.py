"""Explain: which node would serve a client, or none, and why. For operators; nothing is changed by the question."""

from entrepot.access.actor import Actor
from entrepot.accounts.operators import require_operator
from entrepot.plumbing.networks import parse_address
from entrepot.regions.room import Regions
from entrepot.regions.scheduling import Choice
from entrepot.values.digest import Digest
from entrepot.values.errors import ParameterInvalid, quoted, worded


async def explain_choice(regions: Regions, actor: Actor, client: str, digest: str = "") -> Choice:
    """What a pull of the blob by a client at this address would get now, of the process that is asked.

    `digest`: empty: of a blob that no node has.

    Raises Unauthenticated, AccessDenied, ParameterInvalid or DigestInvalid.
    """
    address = parse_address(client.strip())
    hexadecimal = Digest.parse(digest.strip()).hex if digest.strip() else ""
    async with regions.db.reading() as tx:
        await require_operator(tx, actor)
    if address is None:
        raise ParameterInvalid(
            worded("A client is named by its address, as 192.0.2.7 or 2001:db8::7; not {text}.", text=quoted(client)),
            kind="client",
        )
    await regions.view.refresh()  # who just changed something asks what became of it
    return regions.view.explain(str(address), hexadecimal)
