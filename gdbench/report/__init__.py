"""Reports: Markdown, figures, metrics and a page, from the results of a store; matplotlib's only room."""
