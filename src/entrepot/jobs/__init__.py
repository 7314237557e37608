"""Work that will happen: the event feed, and DBOS behind it.

A verb calls `events.publish` inside its transaction, so fact and event are one commit. The worker
(`dispatch.py`) reads the feed in order and starts the workflows that follow; the only files that
import the engine are `engine.py` and those the worker alone loads. Start reading at `events.py`.
"""
