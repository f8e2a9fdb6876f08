"""The models of what requests and answers hold as JSON; those of settings are the settings' own."""
