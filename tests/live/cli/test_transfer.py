"""`entrepot org transfer` against a real server."""

from tests.cli.run import Run
from tests.live.api import Api
from tests.live.cli.test_commands import ok, read, refused


def test_an_organization_gets_another_owner(as_admin: Run, api: Api) -> None:
    organization = api.create_org()
    with api.create_user() as user:
        said = ok(as_admin("org", "transfer", organization, "--user", user.user))
        assert said == f"{organization} belongs to {user.user}.\n"
        made = user.client.get(f"/v2/manage/namespaces/{organization}").json()
        assert (made["creator_name"], made["auth"]) == (user.user, 7)
    again = as_admin("org", "transfer", organization, "-u", user.user, "--json")
    assert read(again) == {"name": organization, "user_name": user.user}

    assert "no domain named nobody" in refused(as_admin("org", "transfer", organization, "--domain", "nobody", "--yes"))
    assert as_admin("org", "transfer", organization, "--domain", "nobody").code == 2  # nobody to ask
    assert as_admin("org", "transfer", organization).code == 2
