"""Makes a new project from this one: another resource, another name, another region."""
