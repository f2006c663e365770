"""String the rooms together, one plain function for each verb."""
