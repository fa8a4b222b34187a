"""Keeping what vendors answer, for cases and for trials on earlier runs, without anything personal or secret."""
