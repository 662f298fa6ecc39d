"""Measures a real server in a process of its own, beside a yardstick in the same run.

Machines differ and drift; the ratio to the yardstick is what can be compared.
"""
