"""`entrepot import`: the images of another registry, or of its files, into an organization here.

Read `command.py` first, then `listing.py` (what there is), `looking.py` (what of one image is missing here) and
`carrying.py` (bringing it). `source.py` says what every kind of source does; each kind has a file.
"""

import typer


def register(app: typer.Typer) -> None:
    from entrepot.cli.moving.command import import_images

    app.command("import")(import_images)
