"""The console: pages for people, over the same verbs as the API.

Start with `door.py`, which answers a request, and `pages.py`, the table of all pages. A page is a function
that is given a `Visit` and returns what to show; `templates/` says how it looks, `static/` holds the one
stylesheet and the script that makes pages quicker. Everything can be read, and simple forms work, without it.
"""
