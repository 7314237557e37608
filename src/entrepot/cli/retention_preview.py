"""What a retention policy would delete at once, said and asked about before it is put in force."""

from typing import TYPE_CHECKING, Any, Final

from entrepot.cli.output import confirm, counted, done, size

if TYPE_CHECKING:
    from entrepot.cli.client import Client

_NAMED_MAX: Final = 10
"""Tags that a question names."""


def ask(client: "Client", path: str, body: dict[str, Any], yes: bool, dry_run: bool, as_json: bool) -> bool:
    """Whether to go on with a policy of which `path` gives the preview; False after a dry run, which says it.

    Raises Abort when the user says no, and BadParameter where nobody can be asked.
    """
    if yes and not dry_run:
        return True
    found = client.call("POST", path, body)
    if dry_run:
        done(_told(found), found, as_json)
        return False
    confirm(f"{_told(found)}\nThe policy is carried out at once, and then once a day.", yes)
    return True


def _told(found: dict[str, Any]) -> str:
    """What would go now, in words: numbers, bytes, the first tags with their reasons."""
    lines = [f"Now it deletes {found['deleted']:,} of {counted(found['looked_at'], 'tag')}{_freed(found)}."]
    named = found["tags"][:_NAMED_MAX]
    lines += [f"  {one['repository']}:{one['tag']}  pushed {one['pushed_at'][:10]}  {one['because']}" for one in named]
    if (more := found["deleted"] - len(named)) > 0:
        lines.append(f"  and {more:,} more")
    if found["untagged"]:
        lines.append(f"It hands {counted(found['untagged'], 'image')} without a tag to garbage collection.")
    if not found["is_whole"]:
        repositories = counted(found["repositories"], "repository", "repositories")
        lines.append(f"There is too much to look at all of it: these are the numbers of the first {repositories}.")
    if found["stopped"]:
        lines.append(f"Not for now, though: {found['stopped']}")
    return "\n".join(lines)


def _freed(found: dict[str, Any]) -> str:
    if not found["deleted"]:
        return ""
    if found["freed_bytes"] is None:
        return ", too many to say what that frees"
    return f"; {size(found['freed_bytes'])} are used by nothing else"
