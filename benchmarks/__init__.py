"""Benchmarks: speed against other ways to do the same job, linearity, start-up, memory, the answers' times.

``python -m benchmarks --help`` says what can be run; ``make bench`` runs all of it.
"""
