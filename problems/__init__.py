"""Problems, one file per family; a file here takes part by being here."""

if __name__ != "gdbench.problems":
    raise ImportError(
        f"This folder is the package gdbench.problems, imported as {__name__!r}: install gdbench and import it there."
    )
