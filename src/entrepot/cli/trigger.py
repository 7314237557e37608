"""`entrepot trigger`: which pushed tags update which workload."""

from typing import Annotated, Any

import typer

from entrepot.cli.output import AsJson, Yes, choose_one, confirm, done, second, show_json, show_table

Repository = Annotated[str, typer.Argument(metavar="ORG/REPO", help="Name of the repository.")]
Name = Annotated[str, typer.Argument(metavar="NAME", help="Name of the trigger.")]
Workload = Annotated[str | None, typer.Option(metavar="NAME")]

trigger = typer.Typer(help="Triggers: workloads that follow pushed tags.", no_args_is_help=True)


def register(app: typer.Typer) -> None:
    app.add_typer(trigger, name="trigger")


@trigger.command("list")
def list_triggers(repository: Repository, as_json: AsJson = False) -> None:
    """List the triggers of a repository, the newest first."""
    from entrepot.cli.client import Client

    with Client() as client:
        rows = client.call("GET", _path(repository))
    if as_json:
        show_json(rows)
        return
    columns = ("Name", "Tags", "Updates", "Namespace", "Cluster", "Enabled")
    show_table(columns, ((row["name"], row["condition"], *_target(row), _yes_or_no(row)) for row in rows))


@trigger.command()
def show(repository: Repository, name: Name, as_json: AsJson = False) -> None:
    """Show a trigger and what became of its last firings."""
    from entrepot.cli.client import Client

    with Client() as client:
        row = client.call("GET", _path(repository, name))
    if as_json:
        show_json(row)
        return
    workload, namespace, cluster = _target(row)
    typer.echo(f"{row['name']}: tags {row['condition']} update {workload} in {namespace}, cluster {cluster or 'none'}.")
    typer.echo(f"Enabled: {_yes_or_no(row)}. Created by {row['creator_name']} on {row['created_at'][:10]}.")
    show_table(
        ("Fired", "Tag", "Result", "Detail"),
        ((second(one["created_at"]), one["tag"], one["result"], one["detail"]) for one in row["trigger_history"]),
    )


@trigger.command()
def create(
    repository: Repository,
    name: Name,
    namespace: Annotated[str, typer.Option(help="The namespace of the cluster that the workload is in.")],
    deployment: Workload = None,
    statefulset: Workload = None,
    cluster: Annotated[str | None, typer.Option(metavar="ID", help="The cluster; without it `cci`.")] = None,
    cluster_name: Annotated[str | None, typer.Option(help="What people call the cluster.")] = None,
    container: Annotated[str | None, typer.Option(help="Only this container of the workload.")] = None,
    tag: Annotated[list[str] | None, typer.Option(help="Only this tag; may be given again.")] = None,
    matching: Annotated[
        str | None, typer.Option(metavar="EXPRESSION", help="Only tags that this regular expression matches whole.")
    ] = None,
    disabled: Annotated[bool, typer.Option("--disabled", help="Do not switch it on yet.")] = False,
    as_json: AsJson = False,
) -> None:
    """Let a workload follow the tags pushed to a repository: all of them, or those that --tag or --matching chooses.

    It is kept by the server; firing is not built yet.
    """
    from entrepot.cli.client import Client

    is_deployment = choose_one(deployment is not None, statefulset is not None, "--deployment / --statefulset")
    kind, condition = _condition(tag or [], matching)
    body = {
        "name": name,
        "action": "update",
        "trigger_type": kind,
        "condition": condition,
        "app_type": "deployments" if is_deployment else "statefulsets",
        "application": deployment if is_deployment else statefulset,
        "cluster_ns": namespace,
        "trigger_mode": "cci" if cluster is None else "cce",
        "cluster_id": cluster,
        "cluster_name": cluster_name,
        "container": container,
        "enable": "false" if disabled else "true",
    }
    with Client() as client:
        client.call("POST", _path(repository), body)
        row = client.call("GET", _path(repository, name))
    done(f"Created the trigger {name} of {repository}.", row, as_json)


@trigger.command()
def enable(repository: Repository, name: Name, as_json: AsJson = False) -> None:
    """Switch a trigger on."""
    _switch(repository, name, True, as_json)


@trigger.command()
def disable(repository: Repository, name: Name, as_json: AsJson = False) -> None:
    """Switch a trigger off; it stays and does nothing."""
    _switch(repository, name, False, as_json)


@trigger.command()
def delete(repository: Repository, name: Name, yes: Yes = False, as_json: AsJson = False) -> None:
    """Delete a trigger with its history."""
    from entrepot.cli.client import Client

    path = _path(repository, name)
    confirm(f"This deletes the trigger {name} of {repository} with its history.", yes)
    with Client() as client:
        client.call("DELETE", path)
    done(f"Deleted the trigger {name} of {repository}.", {"repository": repository, "name": name}, as_json)


def _switch(repository: str, name: str, is_enabled: bool, as_json: bool) -> None:
    from entrepot.cli.client import Client

    path = _path(repository, name)
    with Client() as client:
        client.call("PATCH", path, {"enable": str(is_enabled).lower()})
        row = client.call("GET", path)
    done(f"The trigger {name} of {repository} is {'on' if is_enabled else 'off'}.", row, as_json)


def _condition(tags: list[str], matching: str | None) -> tuple[str, str]:
    if tags and matching is not None:
        raise typer.BadParameter("give tags or an expression, not both.", param_hint="--tag / --matching")
    if tags:
        return "tag", ";".join(tags)
    return ("all", ".*") if matching is None else ("regular", matching)


def _path(repository: str, name: str | None = None) -> str:
    from entrepot.cli.client import repository_path
    from entrepot.values.names import RepositoryName, TriggerName

    path = f"{repository_path(RepositoryName.parse(repository))}/triggers"
    return path if name is None else f"{path}/{TriggerName.parse(name)}"


def _target(row: dict[str, Any]) -> tuple[str, str, str]:
    """Workload, namespace and cluster, as a table shows them."""
    kind = "deployment" if row["app_type"] == "deployments" else "statefulset"
    return f"{kind} {row['application']}", row["cluster_ns"], row["cluster_name"] or row["cluster_id"]


def _yes_or_no(row: dict[str, Any]) -> str:
    return "yes" if row["enable"] == "true" else "no"
