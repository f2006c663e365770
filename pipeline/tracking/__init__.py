"""Write runs to MLflow; the one room that imports it."""
