"""Memos for a finance bureau and notices to facilities, as PDF and as Word.

A result enters (`memo_of`, `notices_of`); a `Paper` of sections, paragraphs, tables and charts leaves, and is written
by `typeset` (PDF) and `word` (.docx). Nothing is calculated here: counts, sensitivities and what is approved for a
facility come from `budget`. typst and docxtpl are the extra `report`; they are imported where they are used.
"""
