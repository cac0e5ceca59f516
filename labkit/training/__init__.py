"""Training: one loop for every model, and the recipes that it runs.

A *recipe* says what is learned from what; the loop does all that recipes have in common. Read in
this order: ``recipe``, ``schedule``, ``loop``, then one recipe: ``acoustic`` or ``vocoder``.
"""
