"""Parse arguments and print; one file for each verb."""
