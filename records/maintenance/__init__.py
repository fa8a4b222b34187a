"""What concerns whole implementations or the whole database: archiving, resealing secrets, finding what production must not hold."""
