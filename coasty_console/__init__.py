"""Composition: settings, routes, and the processes that the console is made of."""
