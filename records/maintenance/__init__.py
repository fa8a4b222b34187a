"""What concerns the whole database: resealing secrets, inspecting it, and finding what production must not contain."""
