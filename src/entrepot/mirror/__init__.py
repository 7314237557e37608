"""Mirror: other registries, and this installation's other regions.

An organization can mirror a registry (`upstreams.py`): what is pulled through it is asked for there (`manifests.py`,
`blobs.py`, `lists.py`), and layers come once for all who wait for them (`fetching.py`).

What is held is trimmed (`trimming.py`, `filling.py`, `pins.py`); what is asked of an upstream is watched (`asking.py`)
and counted (`books.py`, shown by `usage.py`).

Repositories are copied to regions (`regions.py`): by rules for what is pushed (`sync.py`, `following.py`), or when
somebody asks (`sync.py`). A worker carries copies out (`copier.py`, one by `attempts.py` and `copying.py`); what became
of them is in `copies.py`.

Rules of our own (`wide_sync.py`, what they say: `wide_rules.py`) reach further: many repositories, several regions,
from a region to here (`bringing.py`), with deletions (`removing.py`). What is pushed is followed
(`wide_following.py`); else the surveyor looks for what differs when a rule is due (`surveyor.py`, `surveys.py`).

Calls `registry`, `accounts`, `access`, `jobs`, `remote`. Start reading at `manifests.py`, for regions at `copier.py`.
"""
