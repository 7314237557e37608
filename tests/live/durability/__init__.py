"""What was acknowledged stays: crashes, failing disks, crowds, and clients that are slow or vanish.

Every test drives the real server process from outside; what it finds in the data folder it reads
there.
"""
