"""The models screen of the terminal UI. Textual is imported by `screen`, `dialogs` and `panels` alone."""
