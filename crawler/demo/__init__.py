"""The sample world of ``tenders demo`` and of tests: notices that we wrote, served on loopback.

`notices` reads the rows, `publication` places them in time, `find_a_tender`, `contracts_finder` and
`proactis` write them as each portal does, and `portals` serves them. Nothing here leaves 127.0.0.1.
"""
