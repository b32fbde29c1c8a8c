"""Planted bugs: each turns a named check red, and the same check is green without it."""
