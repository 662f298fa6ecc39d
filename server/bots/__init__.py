"""Shoppers made of code: they walk, look, hand over, vote, buy, drop out and come back.

They talk to a server only as any client does, through `server.client`, and know nothing else of it.
"""
