"""Yellow notices in the shape of INTERPOL's public notices interface."""
