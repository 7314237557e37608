"""What a person reads when the answer is no, and who may pull without an account."""

from pathlib import Path

import pytest

from tests.live.clients.containers import Containers
from tests.live.clients.images import Content, Layout, new_content
from tests.live.clients.registries import Account, Registry

WRONG = Account("nobody-here", "not the password")


@pytest.fixture
def content() -> Content:
    return new_content()


@pytest.fixture
def layout(workspace: Path, content: Content) -> str:
    """An image to push, as skopeo names it."""
    Layout(workspace / "layout").add_image("1.0", content=content)
    return f"oci:{workspace}/layout:1.0"


@pytest.fixture
def stranger(person: Containers, registry: Registry) -> Containers:
    """Somebody who trusts the registry and has not signed in."""
    return person.trust(registry)


def push_as_owner(person: Containers, registry: Registry, layout: str) -> str:
    """The repository in which the image now lies; nobody is signed in."""
    repository = registry.new_repository()
    person.skopeo("copy", f"--dest-creds={registry.owner.pair}", layout, f"docker://{registry.image(repository)}")
    return repository


@pytest.mark.parametrize("program", ["podman", "buildah", "skopeo"])
def test_a_wrong_password_is_told_at_login(stranger: Containers, registry: Registry, program: str) -> None:
    for account in (Account(registry.owner.name, "not the password"), WRONG):
        words = ["login", f"--username={account.name}", "--password-stdin", registry.host]
        message = stranger.refused(program, *words, stdin=account.password)
        assert "invalid username/password" in message


def test_a_wrong_password_is_told_at_a_push(stranger: Containers, registry: Registry, layout: str) -> None:
    target = f"docker://{registry.image(registry.new_repository())}"
    message = stranger.refused("skopeo", "copy", f"--dest-creds={WRONG.pair}", layout, target)
    assert "unauthorized" in message or "invalid username/password" in message


def test_an_unknown_authority_is_not_trusted(person: Containers, tls_registry: Registry) -> None:
    message = person.refused("skopeo", "list-tags", f"docker://{tls_registry.host}/acme/app")
    assert "certificate signed by unknown authority" in message


def test_a_missing_tag_is_named(client: Containers, registry: Registry, layout: str) -> None:
    repository = registry.new_repository()
    client.skopeo("copy", layout, f"docker://{registry.image(repository)}")
    message = client.refused("podman", "pull", registry.image(repository, "2.0"))
    assert "manifest unknown" in message


def test_a_private_image_is_not_pulled_without_an_account(
    stranger: Containers, registry: Registry, layout: str
) -> None:
    repository = push_as_owner(stranger, registry, layout)
    message = stranger.refused("podman", "pull", registry.image(repository))
    assert "unauthorized" in message or "authentication required" in message


def test_a_public_image_is_pulled_and_run_without_an_account(
    stranger: Containers, registry: Registry, layout: str, content: Content
) -> None:
    repository = push_as_owner(stranger, registry, layout)
    registry.set_public(repository)

    stranger.podman("pull", registry.image(repository))
    assert stranger.run_image(registry.image(repository)) == content.output

    registry.set_public(repository, False)
    stranger.refused("podman", "pull", registry.image(repository))


def test_a_public_image_is_not_pushed_without_an_account(stranger: Containers, registry: Registry, layout: str) -> None:
    repository = push_as_owner(stranger, registry, layout)
    registry.set_public(repository)
    message = stranger.refused("skopeo", "copy", layout, f"docker://{registry.image(repository, '2.0')}")
    assert "unauthorized" in message or "authentication required" in message


def test_a_reader_pulls_and_is_told_that_pushing_is_denied(
    stranger: Containers, registry: Registry, layout: str, content: Content
) -> None:
    repository = push_as_owner(stranger, registry, layout)
    stranger.login(registry, registry.new_user(repository, "read"))

    stranger.podman("pull", registry.image(repository))
    assert stranger.run_image(registry.image(repository)) == content.output
    for message in (
        stranger.refused("skopeo", "copy", layout, f"docker://{registry.image(repository, '2.0')}"),
        stranger.refused("podman", "push", registry.image(repository)),
        stranger.refused("skopeo", "delete", f"docker://{registry.image(repository)}"),
    ):
        assert "denied" in message.lower()


def test_an_editor_pushes(stranger: Containers, registry: Registry, layout: str) -> None:
    repository = push_as_owner(stranger, registry, layout)
    stranger.login(registry, registry.new_user(repository.partition("/")[0], "edit"))
    stranger.skopeo("copy", layout, f"docker://{registry.image(repository, '2.0')}")
    stranger.skopeo("copy", layout, f"docker://{registry.image(f'{repository}-of-its-own')}")


def test_to_a_user_without_permission_a_private_image_does_not_exist(
    stranger: Containers, registry: Registry, layout: str
) -> None:
    repository = push_as_owner(stranger, registry, layout)
    stranger.login(registry, registry.new_user())

    hidden = stranger.refused("podman", "pull", registry.image(repository))
    absent = stranger.refused("podman", "pull", registry.image(repository.replace("/app", "/abc")))
    assert "name unknown" in hidden.lower() or "not found" in hidden.lower()
    assert hidden.replace("/app", "/abc") == absent


def test_who_pushes_to_an_organization_that_is_missing_is_told_how_to_create_it(
    client: Containers, registry: Registry, layout: str
) -> None:
    registry.need_ours()
    target = f"docker://{registry.image('no-such-organization/app')}"
    message = client.refused("skopeo", "copy", layout, target)
    assert "entrepot org create no-such-organization" in message


@pytest.mark.parametrize("program", ["podman", "skopeo"])
def test_an_immutable_tag_stays_and_the_client_says_by_which_rule(
    client: Containers, registry: Registry, workspace: Path, layout: str, program: str
) -> None:
    repository = registry.new_repository()
    image = registry.image(repository)
    client.skopeo("copy", layout, f"docker://{image}")
    before = registry.manifest(repository, "1.0").headers["docker-content-digest"]
    rule = registry.make_immutable(repository, "1.*")
    Layout(workspace / "other").add_image("1.0", content=new_content())

    client.skopeo("copy", layout, f"docker://{image}")  # the same again
    if program == "podman":
        client.podman("pull", f"oci:{workspace}/other:1.0")
        message = client.refused("podman", "push", client.podman("images", "-q").out.split()[0], f"docker://{image}")
    else:
        message = client.refused("skopeo", "copy", f"oci:{workspace}/other:1.0", f"docker://{image}")
        assert "immutable" in client.refused("skopeo", "delete", f"docker://{image}")

    assert f"The tag 1.0 of {repository} is immutable by rule {rule}" in message
    assert "set by admin" in message
    assert registry.manifest(repository, "1.0").headers["docker-content-digest"] == before


def test_a_read_only_organization_takes_no_push_and_says_why(
    client: Containers, registry: Registry, workspace: Path, layout: str
) -> None:
    repository = registry.new_repository()
    image = registry.image(repository)
    client.skopeo("copy", layout, f"docker://{image}")
    registry.make_read_only(repository, "The project has ended.")

    message = client.refused("skopeo", "copy", layout, f"docker://{registry.image(repository, '2.0')}")

    assert f"The organization {repository.partition('/')[0]} is read-only: The project has ended." in message
    client.skopeo("copy", f"docker://{image}", f"oci:{workspace}/pulled:1.0")
