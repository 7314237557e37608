"""The management API against its own description: schemathesis calls everything in it, with all that fits or not.

It asserts that nothing ends in a 5xx, that every status, header and body is one that is described,
that what does not fit the description is refused, and that no call works without signing in.
"""

import subprocess
import sys
from pathlib import Path

import pytest

from entrepot.doors.manage.routes import ROUTES
from tests.live.api import Api
from tests.live.conftest import StartServer

pytestmark = [pytest.mark.slow, pytest.mark.xdist_group("openapi")]

EXAMPLES_EACH = 8
# A name may be taken, a user may be the last administrator: such rules are not in a description of shapes.
NOT_CHECKED = "positive_data_acceptance"
# Something there to ask about; the rest of the names are made up.
PARAMETERS = """
[parameters]
"path.namespace" = "acme"
"path.repository" = "web"
"path.tag" = "v1"
"path.domain" = "default"
"path.project_id" = "PROJECT"
"path.instance_id" = "entrepot"
"""


@pytest.mark.timeout(300)
def test_the_management_api_keeps_to_its_description(start_server: StartServer, tmp_path: Path) -> None:
    server = start_server(log_level="warning")
    with Api(server) as api:
        api.create_org("acme")
        api.client.post("/v2/manage/namespaces/acme/repos", json={"repository": "web", "is_public": False})
        project = api.client.get("/v3/projects").json()["projects"][0]["id"]
    (tmp_path / "schemathesis.toml").write_text(PARAMETERS.replace("PROJECT", project))

    command: list[str | Path] = [
        Path(sys.executable).with_name("schemathesis"),
        "--config-file",
        tmp_path / "schemathesis.toml",
    ]
    phases = ["--phases", "examples,coverage,fuzzing", "--max-examples", str(EXAMPLES_EACH), "--continue-on-failure"]
    ran = subprocess.run(
        [
            *command, "run", f"{server.url}/v2/manage/openapi.json", "--auth", f"{server.user}:{server.password}",
            *phases, "--exclude-checks", NOT_CHECKED, "--generation-deterministic", "--warnings", "off", "--no-color",
        ],
        capture_output=True, text=True, check=False, cwd=tmp_path,
    )  # fmt: skip

    assert ran.returncode == 0, f"{ran.stdout[-20_000:]}\n{ran.stderr}"
    described = sum(route.is_described for route in ROUTES)
    assert f"Tested: {described}" in ran.stdout, ran.stdout[-2_000:]
