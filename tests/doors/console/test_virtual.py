"""Virtual organizations in the console: made, changed and ended by operators; what others see of them."""

import pytest

from entrepot.access.levels import Level
from entrepot.mirror.virtual.definitions import Definition, Merged, create_virtual, show_virtual
from entrepot.values.names import OrganizationName
from tests.doors.console.conftest import As
from tests.make.rooms import Rooms

HOME = "/console/admin/virtual"
ALL = OrganizationName("all")
FORM = {
    "name": "all",
    "members": "hub library/* !*/secret\r\n\r\nacme\r\n",
    "allow": "",
    "deny": "team/* x",
    "quarantine": "3d",
}


async def make(rooms: Rooms, is_public: bool = False) -> None:
    definition = Definition([Merged(OrganizationName("hub"), deny=["x"]), Merged(OrganizationName("acme"))], deny=["y"])
    await create_virtual(rooms.mirror, rooms.admin, ALL, definition, is_public)


async def test_one_is_made_by_its_form_and_changed_by_the_same(furnished: Rooms, as_user: As) -> None:
    admin = await as_user("admin")
    page = (await admin.get(f"{HOME}/-/new")).text
    assert "Who may read it is given all that it merges" in page

    answer = await admin.post(f"{HOME}/-/new", **FORM, public="true")

    assert answer.headers["location"] == f"{HOME}/all", answer.text
    made = await show_virtual(furnished.mirror, furnished.admin, ALL)
    assert [(one.organization, one.allow, one.deny) for one in made.members] == [
        ("hub", ("library/*",), ("*/secret",)),
        ("acme", (), ()),
    ]
    assert (made.allow, made.deny, made.quarantine_seconds, made.is_public) == ((), ("team/*", "x"), 259_200, True)
    page = (await admin.get(f"{HOME}/all/-/settings")).text
    assert "hub library/* !*/secret\nacme</textarea>" in page
    assert 'value="3d"' in page
    assert "Mirror of docker.io" in (await admin.get(f"{HOME}/all")).text
    assert "hub, acme" in (await admin.get(HOME)).text

    changed = FORM | {"members": "acme", "deny": "", "allow": "web", "quarantine": ""}
    assert (await admin.post(f"{HOME}/all/-/settings", **changed)).headers["location"] == f"{HOME}/all"

    now = await show_virtual(furnished.mirror, furnished.admin, ALL)
    assert [one.organization for one in now.members] == ["acme"]
    assert (now.allow, now.deny, now.quarantine_seconds) == (("web",), (), 0)


@pytest.mark.parametrize(
    ("wrong", "field"),
    [
        ({"name": "All"}, "name"),
        ({"name": "hub"}, "name"),
        ({"members": ""}, "members"),
        ({"members": "acme\nacme"}, "members"),
        ({"members": "No Name"}, "members"),
        ({"members": "merged"}, "members"),
        ({"deny": "No Pattern!"}, "deny"),
        ({"allow": "a*b*c*d*e*"}, "allow"),
        ({"quarantine": "soon"}, "quarantine"),
        ({"quarantine": "9999d"}, "quarantine"),
    ],
)
async def test_a_form_that_is_refused_says_at_which_field(
    furnished: Rooms, as_user: As, wrong: dict[str, str], field: str
) -> None:
    admin = await as_user("admin")
    definition = Definition([Merged(OrganizationName("acme"))])
    await create_virtual(furnished.mirror, furnished.admin, OrganizationName("merged"), definition)
    for path in (f"{HOME}/-/new", f"{HOME}/merged/-/settings"):
        if path.endswith("settings") and "name" in wrong:
            continue
        answer = await admin.post(path, **{**FORM, **wrong})
        assert answer.status_code in (400, 409), path
        assert f'id="{field}-problem"' in answer.text, path
    kept = await show_virtual(furnished.mirror, furnished.admin, OrganizationName("merged"))
    assert [one.organization for one in kept.members] == ["acme"]


async def test_it_says_who_answers_and_why(furnished: Rooms, as_user: As) -> None:
    await make(furnished)
    admin = await as_user("admin")

    page = (await admin.get(f"{HOME}/all/-/explain", params={"what": "web:1.0"})).text

    assert "acme holds web itself, so nobody else is asked." in page
    assert "acme/web" in page
    assert "not asked" in page
    refused = (await admin.get(f"{HOME}/all/-/explain", params={"what": "y"})).text
    assert "all/y is refused by a rule of all: deny y." in refused
    for wrong in ("Web", "web:-", "web@sha256:x"):
        answer = await admin.get(f"{HOME}/all/-/explain", params={"what": wrong})
        assert answer.status_code == 400
        assert 'name="what"' in answer.text


async def test_names_are_forgotten_by_a_pattern(furnished: Rooms, as_user: As) -> None:
    await make(furnished)
    admin = await as_user("admin")
    assert (await admin.post(f"{HOME}/all/-/forget", forget="team/*")).headers["location"] == f"{HOME}/all"
    for wrong in ("", "No Pattern"):
        answer = await admin.post(f"{HOME}/all/-/forget", forget=wrong)
        assert answer.status_code == 400
        assert 'id="forget-problem"' in answer.text


async def test_ending_one_is_asked_about_and_leaves_an_empty_organization(furnished: Rooms, as_user: As) -> None:
    await make(furnished)
    admin = await as_user("admin")
    assert "It stays as an empty organization" in (await admin.get(f"{HOME}/all/-/delete")).text

    assert (await admin.post(f"{HOME}/all/-/delete")).headers["location"] == HOME

    assert "No virtual organizations yet" in (await admin.get(HOME)).text
    assert "docker push" in (await admin.get("/console/organizations/all")).text


async def test_only_operators_administer_virtual_organizations(furnished: Rooms, as_user: As) -> None:
    await make(furnished)
    assert f'href="{HOME}"' in (await (await as_user("admin")).get("/console/")).text
    pages = ("", "/-/new", "/all", "/all/-/explain?what=web", "/all/-/settings", "/all/-/delete")
    for who in ("partner/boss", "stranger"):
        somebody = await as_user(who)
        assert f'href="{HOME}"' not in (await somebody.get("/console/organizations")).text
        for page in pages:
            assert (await somebody.get(f"{HOME}{page}")).status_code == 403, page
        for page in ("/-/new", "/all/-/settings", "/all/-/forget", "/all/-/delete"):
            assert (await somebody.post(f"{HOME}{page}", **FORM, forget="x")).status_code == 403, page


async def test_who_reads_one_sees_what_it_merges_and_is_not_told_to_push(furnished: Rooms, as_user: As) -> None:
    await make(furnished)
    await furnished.grant("all", "stranger", Level.READ)
    reader = await as_user("stranger")

    page = (await reader.get("/console/organizations/all")).text

    assert "docker pull registry.test/all/REPOSITORY:TAG" in page
    assert "Mirror of docker.io" in page
    assert "docker push" not in page
    assert HOME not in page
    listed = (await reader.get("/console/organizations")).text
    assert "Virtual" in listed
    admin = await as_user("admin")
    assert f"{HOME}/all" in (await admin.get("/console/organizations/all")).text
    assert ">all</option>" not in (await admin.get("/console/upload")).text
    assert ">all</option>" not in (await admin.get("/console/images/acme/web/-/copy?tag=1.0")).text


async def test_everybody_sees_what_a_public_one_merges(furnished: Rooms, as_user: As) -> None:
    await make(furnished, is_public=True)
    page = await (await as_user("")).get("/console/organizations/all")
    assert page.status_code == 200
    assert "Mirror of docker.io" in page.text


async def test_whether_a_mirror_answers_for_its_registry_is_ticked(furnished: Rooms, as_user: As) -> None:
    admin, mirrors = await as_user("admin"), "/console/admin/mirrors/hub"
    assert "may be led here" in (await admin.get(mirrors)).text
    await admin.post(f"{mirrors}/-/settings", endpoints="https://docker.io")
    assert "are not led here" in (await admin.get(mirrors)).text
    await admin.post(f"{mirrors}/-/settings", endpoints="https://docker.io", transparent="true")
    assert "may be led here" in (await admin.get(mirrors)).text
