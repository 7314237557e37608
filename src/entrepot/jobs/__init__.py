"""Work that will happen: the event feed, and DBOS behind it.

A verb calls `events.publish` inside its transaction, so fact and event are one commit. In the
worker, `dispatch.py` reads the feed in order (`feed.py` says in which) and starts the reactions
that follow; `engine.py`, the only file that imports DBOS, runs them step by step and what is due by
the clock (`schedule.py`). Rooms write their reactions and jobs against `reactions.py`. Start
reading at `events.py`.
"""
