"""The work that the scheduler, the command line and later workers share: what, not when."""
