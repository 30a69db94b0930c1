"""Showing: figures in, bytes or text out; no database, no web, no clock."""
