"""Cells of notebooks as text: what Python they stand for, which belong to a task, how they run.

The judge, the worker and lab 4's ``own_model`` all read students' notebooks by these rules, so that
a cell means the same to each of them as it did to the notebook's kernel. Standard library only; of
IPython just its text transformer is used, where it is installed.
"""
