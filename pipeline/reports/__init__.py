"""Lay records out for people: tables and Markdown blocks."""
