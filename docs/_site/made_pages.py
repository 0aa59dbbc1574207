"""The pages of the site that are made from the repository."""

from __future__ import annotations


def made_pages(language: str) -> dict[str, str]:
    """Texts of pages by their names, such as `schedules/cn-xian-elderly-care.md`."""
    return {}
