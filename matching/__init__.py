"""Record linkage for persons: records in, scored and explained pairs out; a pure library."""
