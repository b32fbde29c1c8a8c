"""Methods, one file each; a file here takes part by being here."""
