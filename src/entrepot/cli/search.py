"""`entrepot search`: images, tags and digests, of all one may read."""

from typing import Annotated

import typer

from entrepot.cli.output import AsJson, second, show_json, show_table


def register(app: typer.Typer) -> None:
    app.command()(search)


def search(
    text: Annotated[
        str,
        typer.Argument(
            metavar="TEXT",
            help="As web or acme/web; 1.2 or web:1.2; six digits of a digest; label:team=red or label:team.",
        ),
    ],
    as_json: AsJson = False,
) -> None:
    """Find images by a part of their name, tags by their beginning, and manifests by that of their digest.

    With label:KEY, label:KEY=VALUE or label:KEY=BEGINNING* images are found that have such a version, and the versions.
    """
    from entrepot.cli.client import Client

    with Client() as client:
        found = client.call("GET", "/v2/manage/search", parameters={"q": text})
    if as_json:
        show_json(found)
        return
    rows = [
        *(("image", one["repository"], "", second(one["updated_at"])) for one in found["images"]),
        *(
            ("tag", f"{one['repository']}:{one['tag']}", one["digest"], second(one["updated_at"]))
            for one in found["tags"]
        ),
        *(
            (
                one["kind"],
                f"{one['repository']}@{one['digest'][:19]}",
                ", ".join(one["tags"]),
                second(one["created_at"]),
            )
            for one in found["manifests"]
        ),
    ]
    show_table(("Found", "Name", "Names", "Changed"), rows)
    if found["more"]:
        typer.echo(f"There are more {', '.join(found['more'])}.")
