"""Virtual machines of Google Compute Engine, by version 1 of its REST interface.

`api` speaks with the service, `names` makes every request one that can be repeated, `bodies` are what is asked for,
`instance` is what was answered, `vms` are the verbs with their proofs, `weather` puts zones into an order.
"""
