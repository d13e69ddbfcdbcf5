"""Sizers: how many units an entry is for. One file each."""
