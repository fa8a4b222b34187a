"""Rehearsals of a version: ordered, followed and cancelled on one page, shown and downloaded from another."""
