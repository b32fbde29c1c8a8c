"""The hunt: a search of a function class for the instance on which a method comes nearest to its bound, or over it.

It knows classes (constants and families of functions), runs and theorems; it knows no worst case.
"""
