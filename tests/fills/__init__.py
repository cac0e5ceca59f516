"""Fills as students write them, wrong and right: what the judge must catch, name and let pass.

Each file has, for one task, ``BEFORE`` (lines that stand before every body), ``WRONG`` (bodies by
the name that they are to get; those under ``""`` are caught without one) and ``RIGHT``.
"""
