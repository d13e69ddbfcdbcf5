"""Fitted trees read from a library's own bytes and walked by compiled code of ours.

The bytes are parsed here, every index, number and size is checked, and no library of boosted trees is loaded to serve
a model. A row costs microseconds where a call of the libraries costs up to milliseconds.
"""
