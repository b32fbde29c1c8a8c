"""The battery: independent checks of problems and methods, each of which sees what the others cannot."""
