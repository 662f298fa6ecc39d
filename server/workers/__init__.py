"""Rooms over one process or several: who owns which room, who is sent where, and how the processes
of one machine find one another."""
