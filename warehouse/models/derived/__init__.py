"""Tables that are rebuilt from records whenever the code that fills them changes."""
