"""Who asks: the signed login, and (for development only) a page that hands one out."""
