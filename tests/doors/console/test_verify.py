"""The page of verifications: what waits or runs is called off there, after a question."""

from entrepot.upkeep.verification import request_verification, show_verification
from entrepot.upkeep.verify import Phase
from tests.doors.console.conftest import As
from tests.make.rooms import Rooms

HOME = "/console/admin/verify"


async def test_a_verification_is_called_off_after_a_question(rooms: Rooms, as_user: As) -> None:
    admin = await as_user("admin")
    asked = await request_verification(rooms.upkeep, rooms.admin, is_deep=True)
    cancel = f"{HOME}/{asked.id}/cancel"

    assert f'href="{cancel}"' in (await admin.get(HOME)).text
    question = await admin.get(cancel)
    assert f'action="{cancel}"' in question.text
    assert "What it found so far stays on the list." in question.text
    assert not (await show_verification(rooms.upkeep, rooms.admin, asked.id)).has_ended
    assert (await admin.post(cancel)).headers["location"] == HOME

    assert (await show_verification(rooms.upkeep, rooms.admin, asked.id)).phase is Phase.CANCELLED
    page = (await admin.get(HOME)).text
    assert "called off" in page
    assert f'href="{cancel}"' not in page
    assert "has ended already" in (await admin.post(cancel)).text
