"""Spiders read: one file per platform on bases named for the shape of what they read.

A spider turns responses into `crawler.items.Batch` and says with `WindowRead` or `WindowFailed` how
each window ended. It judges nothing, stores nothing and keeps no state for pipelines.
"""
