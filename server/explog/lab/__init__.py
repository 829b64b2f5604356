"""A group's search on PostgreSQL: what each member publishes, all can find.

An optional extra: nothing else of explog imports it but its command, and the search that merges.
What each member's own index knows stays the truth; the lab has copies of what is public.
"""
