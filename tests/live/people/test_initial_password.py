"""The password that a first start makes up: in a file of its owner, until it is changed."""

from pathlib import Path

import httpx2

from tests.live.process import Server, end, make_server

NEW = "another long password"


def test_the_file_of_the_first_password_is_gone_once_it_is_changed(tmp_path: Path) -> None:
    server = make_server(tmp_path, job_worker=False)
    file, server.password = server.data / "initial-admin-password", ""
    try:
        server.start()
        first = file.read_text().strip()
        server.restart()
        assert file.read_text().strip() == first

        change(server, first, NEW)
        assert not file.exists()

        file.write_text(f"{first}\n")  # as if another replica had changed it
        server.restart()
        assert not file.exists()
    finally:
        end(server)


def change(server: Server, current: str, new: str) -> None:
    with httpx2.Client(base_url=server.url, auth=("admin", current), trust_env=False) as client:
        body = {"password": new, "current_password": current}
        answer = client.put("/v2/manage/users/admin/password", json=body)
        assert answer.is_success, answer.text
