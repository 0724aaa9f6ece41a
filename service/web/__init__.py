"""Server-rendered pages: rendering, forms, templates and static files."""
