"""Single sign-on with a real server: from the command line that sets it up to what docker would log in with."""

import re
import time

import httpx2

from tests.cli.run import Run
from tests.live.api import fresh_name
from tests.live.cli.conftest import as_admin, home, run
from tests.live.cli.test_commands import ok
from tests.live.process import Server
from tests.make.issuer import CLIENT, SECRET, running_issuer

__all__ = ["as_admin", "home", "run"]  # fixtures


def test_a_browser_comes_back_with_a_password_that_works(server: Server, as_admin: Run) -> None:
    name, user, group = fresh_name("corp"), fresh_name("user"), fresh_name("group")
    with running_issuer("RS256") as issuer:
        issuer.now = int(time.time())
        issuer.person = {"sub": user, "preferred_username": f"{user}@example.com", "groups": ["dev"]}
        ok(as_admin("group", "create", group))
        ok(
            as_admin(
                *("idp", "create", name, "--kind", "oidc", "--issuer", issuer.url, "--reach", "plain"),
                *("--client-id", CLIENT, "--secret-stdin", "--provision", "--group", f"dev={group}"),
                stdin=f"{SECRET}\n",
            )
        )
        assert "people sign in at" in ok(as_admin("idp", "check", name))

        with httpx2.Client(base_url=server.url, follow_redirects=True, trust_env=False) as browser:
            page = browser.get(f"/auth/oidc/{name}/login")

        assert page.status_code == 200, page.text
        [secret] = re.findall(r"ept_\S+", page.text)
        answer = httpx2.get(f"{server.url}/auth/token", auth=(user, secret), trust_env=False)
        assert answer.status_code == 200
        assert user in ok(as_admin("group", "show", group))
        ok(as_admin("idp", "update", name, "--disable"))
        with httpx2.Client(base_url=server.url, follow_redirects=True, trust_env=False) as browser:
            assert browser.get(f"/auth/oidc/{name}/login").status_code == 404
    ok(as_admin("idp", "delete", name, "--yes"))
