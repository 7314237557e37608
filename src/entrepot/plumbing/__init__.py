"""What every room needs and none owns: clock, ids, sealed secrets, logs, metrics, threads.

Calls only `values`. A file needs a better name than "util" to enter.
"""
