"""What a domain agreed to, and what this installation can do (contract §11)."""

from pydantic import BaseModel

from entrepot.accounts import agencies
from entrepot.accounts.projects import check_project
from entrepot.doors.manage.call import TheCall


class Agency(BaseModel):
    domain_id: str
    is_agency: bool


class FeatureGates(BaseModel):
    """What is not here yet is false."""

    enable_experience: bool = False
    enable_hss_service: bool = False
    enable_image_scan: bool = False
    enable_sm3: bool = False
    enable_image_sync: bool = True
    enable_cci_service: bool = False
    enable_image_label: bool = False
    enable_pipeline: bool = False
    enable_authorization_token: bool = True
    enable_resource: bool = False
    enable_list_v3: bool = True
    enable_image_quota: bool = True


async def check_agency(call: TheCall) -> Agency:
    """Whether your domain has agreed that triggers act on its clusters."""
    return Agency(domain_id=call.actor.domain_id, is_agency=await agencies.has_agency(call.accounts, call.actor))


async def create_agency(call: TheCall) -> None:
    """Agree, once for the whole domain. For its administrators."""
    await agencies.create_agency(call.accounts, call.actor)


async def show_share_feature_gates(call: TheCall, project_id: str) -> FeatureGates:
    """What this installation can do."""
    check_project(call.actor, project_id)
    return FeatureGates()
