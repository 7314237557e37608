"""`entrepot session`: where people are signed in with a browser."""

from typing import Annotated, Any

import typer

from entrepot.cli.output import AsJson, choose_one, done, show_json, show_table

User = Annotated[str | None, typer.Option(help="Of this user instead of yours; for administrators.")]

_SESSIONS = "/v2/manage/sessions"

session = typer.Typer(help="Sessions: where people are signed in with a browser.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(session, name="session")


@session.command("list")
def list_sessions(user: User = None, as_json: AsJson = False) -> None:
    """List the sessions that live, newest first."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = client.call("GET", _SESSIONS, parameters={"user": user} if user else None)["sessions"]
    if as_json:
        show_json(rows)
        return
    show_table(
        ("Session", "User", "Address", "Begun", "Last used", "Browser"), map(_cells, rows), empty="Nobody is signed in."
    )


@session.command()
def end(
    session: Annotated[str | None, typer.Argument(help="The session's id.", metavar="SESSION")] = None,
    every: Annotated[bool, typer.Option("--all", help="All sessions.")] = False,
    user: User = None,
    as_json: AsJson = False,
) -> None:
    """End a session, or all of a user: the browser has to sign in again."""
    from urllib.parse import quote

    from entrepot.cli.client import Client

    choose_one(session is not None, every, "SESSION / --all")
    with Client() as client:
        if session is not None:
            client.call("DELETE", f"{_SESSIONS}/{quote(session, safe='')}")
        else:
            client.call("DELETE", _SESSIONS, parameters={"user": user} if user else None)
    done("Ended." if session else "Ended all sessions.", {"session": session, "user": user}, as_json)


def _cells(row: dict[str, Any]) -> tuple[str, ...]:
    begun, used = (row[name][:16].replace("T", " ") for name in ("created_at", "last_used_at"))
    return row["id"], row["user_name"], row["address"], begun, used, row["agent"]
