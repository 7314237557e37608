"""`entrepot image inspect` and `history`: what an image is made of."""

from typing import TYPE_CHECKING, Annotated, Any

import typer

from entrepot.cli.output import AsJson, show_json, show_table, size

if TYPE_CHECKING:
    from entrepot.cli.image.configs import Config, Step
    from entrepot.cli.image.places import Place
    from entrepot.cli.image.trees import Tree
    from entrepot.values.manifest import Manifest
    from entrepot.values.platform import Platform

_COMMAND_CHARS = 60

Image = Annotated[str, typer.Argument(metavar="[HOST/]ORG/REPO[:TAG|@DIGEST]", help="The image.")]
OfPlatform = Annotated[str | None, typer.Option("--platform", help="Only the image for this platform, as linux/arm64.")]


def register(image: typer.Typer) -> None:
    image.command()(inspect)
    image.command()(history)


def inspect(reference: Image, platform: OfPlatform = None, as_json: AsJson = False) -> None:
    """Show the manifest, and of every platform the configuration and the layers with their history."""
    place, tree, configs = _read(reference, platform)
    if as_json:
        show_json(_document(place, tree, configs))
        return
    root = tree.root
    typer.echo(f"Reference   {place}\nDigest      {root.digest}\nType        {root.media_type}")
    for image, config in configs:
        typer.echo(f"\nImage       {image.digest}")
        if config is None:
            typer.echo(f"Artifact    {image.artifact_type}, {size(image.total_size)}")
            continue
        _show_config(image, config)
    for absent in tree.absent:
        typer.echo(f"\nNot here    {absent.digest} {absent.platform or ''}")


def history(
    reference: Image,
    platform: OfPlatform = None,
    full: Annotated[bool, typer.Option("--full", help="Show whole commands.")] = False,
    as_json: AsJson = False,
) -> None:
    """Show the steps an image was built in, the last one first. Without --platform: for this machine's."""
    import platform as machine

    from entrepot.values.errors import Unsupported
    from entrepot.values.platforms import platform_of_machine

    mine = str(platform_of_machine(machine.system(), machine.machine()))
    place, _, [(_, config), *_] = _read(reference, platform or mine)
    if config is None:
        raise Unsupported(f"{place} is no container image; see: entrepot image inspect {reference}")
    steps = list(reversed(config.steps))
    if as_json:
        show_json([_step(step) for step in steps])
        return
    show_table(
        ("Created", "Created by", "Size", "Comment"),
        (
            (
                step.created[:19].replace("T", " ") or "-",
                _cut(step.created_by, full),
                size(step.layer.size if step.layer else 0),
                step.comment,
            )
            for step in steps
        ),
    )


def _read(reference: str, platform: str | None) -> "tuple[Place, Tree, list[tuple[Manifest, Config | None]]]":
    """The image with the configuration of each of its platforms."""
    import asyncio

    from entrepot.cli.image.places import find_place
    from entrepot.values.platform import Platform

    place = find_place(reference)
    tree, configs = asyncio.run(_fetch(place, Platform.parse(platform) if platform else None))
    return place, tree, configs


async def _fetch(place: "Place", platform: "Platform | None") -> "tuple[Tree, list[tuple[Manifest, Config | None]]]":
    from functools import partial

    from entrepot.cli.image.configs import fetch_config
    from entrepot.cli.image.trees import fetch_tree
    from entrepot.remote.together import together

    async with place.remote() as remote:
        tree = await fetch_tree(remote, place, platform)
        images = [manifest for manifest in tree.manifests.values() if not manifest.is_index]
        configs = await together(partial(fetch_config, remote, place, image) for image in images)
    return tree, list(zip(images, configs, strict=True))


def _show_config(image: "Manifest", config: "Config") -> None:
    said = config.document.get("config") or {}
    rows = (
        ("Platform", str(config.platform)),
        ("Created", str(config.document.get("created") or "-")),
        ("Size", size(image.total_size)),
        ("Entrypoint", _words(said.get("Entrypoint"))),
        ("Command", _words(said.get("Cmd"))),
        ("User", str(said.get("User") or "-")),
        ("Ports", _words(list(said.get("ExposedPorts") or {}))),
        ("Labels", _words([f"{key}={text}" for key, text in (said.get("Labels") or {}).items()])),
    )
    for name, text in rows:
        typer.echo(f"{name:<11} {_printable(text)}")
    show_table(
        ("Layer", "Size", "Made by"),
        (
            (step.layer.digest, size(step.layer.size), _cut(step.created_by, full=False))
            for step in config.steps
            if step.layer is not None
        ),
    )


def _document(place: "Place", tree: "Tree", configs: "list[tuple[Manifest, Config | None]]") -> dict[str, Any]:
    import json

    return {
        "reference": str(place),
        "digest": str(tree.root.digest),
        "media_type": tree.root.media_type,
        "manifest": json.loads(tree.root.body),
        "platforms": [str(config.platform) for _, config in configs if config],
        "images": [
            {
                "digest": str(image.digest),
                "platform": str(config.platform) if config else None,
                "size": image.total_size,
                "config": config.document if config else None,
                "layers": [_layer(step) for step in config.steps if step.layer] if config else [],
            }
            for image, config in configs
        ],
        "absent": [str(one.digest) for one in tree.absent],
    }


def _layer(step: "Step") -> dict[str, Any]:
    assert step.layer is not None
    return {
        "digest": str(step.layer.digest),
        "size": step.layer.size,
        "media_type": step.layer.media_type,
        "created_by": step.created_by,
    }


def _step(step: "Step") -> dict[str, Any]:
    return {
        "created": step.created or None,
        "created_by": step.created_by,
        "comment": step.comment,
        "digest": str(step.layer.digest) if step.layer else None,
        "size": step.layer.size if step.layer else 0,
    }


def _words(words: Any) -> str:
    return " ".join(str(word) for word in words) if isinstance(words, list) and words else "-"


def _cut(text: str, full: bool) -> str:
    shown = _printable(" ".join(text.split()))
    return shown if full or len(shown) <= _COMMAND_CHARS else f"{shown[: _COMMAND_CHARS - 1]}…"


def _printable(text: str) -> str:
    """What an image says of itself must not drive the terminal."""
    return "".join(one if one.isprintable() else " " for one in text)
