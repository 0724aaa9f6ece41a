"""Query services and notices for partner systems, and files of persons."""
