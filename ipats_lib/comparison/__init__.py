"""How areas are compared: verdicts, funnels, trends, ranks, fair comparison and peers.

Pure functions of counts. What they are given is what a reader may see, so nothing that they return
holds more (decision 0023).
"""
