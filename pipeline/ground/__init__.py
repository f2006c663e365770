"""Hold what every room stands on: records, errors, files, configuration."""
