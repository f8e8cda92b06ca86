"""Who could deliver with whom, and what comes back to market: pure, and without a database.

`terms` reads how long a contract runs and may be extended, `relet` works out when it ends.
"""
