"""What concerns whole implementations or the whole database: resealing secrets, finding what production must not hold."""
