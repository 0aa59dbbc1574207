"""The budget book: a result as a workbook for finance officers, with live formulas that give the engine's numbers.

A result enters, an .xlsx file leaves. `workbook` puts the sheets together, `page` is one sheet, `formula` turns an
amount's expression into a formula of cells. It imports what the layers below give, and XlsxWriter when it is used.
"""

from subsidy.report.book.workbook import check_target, write_book

__all__ = ["check_target", "write_book"]
