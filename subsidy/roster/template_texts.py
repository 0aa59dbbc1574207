"""The sentences of a template's first sheet."""

from __future__ import annotations

from subsidy.finding import Text

TITLE = Text("补贴花名册填写说明", "A roster for subsidies: how to fill it in")
PURPOSE = Text(
    "本工作簿用于填报下列文件所定补贴的计算依据，填好后由程序检查并计算到分。",
    "This workbook takes what the grants of the documents below are calculated from. A program then checks it and "
    "calculates every amount to the fen.",
)

HOW_TO_FILL = (
    Text(
        "1. 按“各工作表”所列顺序从上到下填写：先名录，后明细；被引用的编号要先填，下拉列表才选得到。",
        "1. Fill in the sheets in the order of the list below, registers first: a key can be chosen from a drop-down "
        "only once it is there.",
    ),
    Text(
        "2. 只填用得到的工作表，用不到的留空或删除均可。不需要某一条款时，只供该条款使用的列也可留空。",
        "2. Fill in only the sheets you need; leave the others empty, or delete them. A column that only serves "
        "provisions you do not need may stay empty too.",
    ),
    Text(
        "3. 请勿改动工作表名和标题行。需要另记姓名、电话等内容时，可增加标题以“备注”开头的列，程序不读这些列。",
        "3. Do not change the names of sheets and headings. For anything else (names, telephone numbers), add columns "
        "whose headings begin with “note”: the program does not read them.",
    ),
    Text(
        "4. 各表第一行是示例（灰色斜体，编号以“示例：”开头），不参与计算；可直接在上面改成实际内容，"
        "也可删除或保留。只改了一部分、仍留有“示例：”的行会报错。",
        "4. The first row of each sheet is an example (grey, in italics, its keys begin with EXAMPLE:) and is not "
        "calculated. Type over all of it, or delete it, or leave it. A row in which only some cells still begin with "
        "EXAMPLE: is an error.",
    ),
    Text(
        "5. 把鼠标移到标题上，可看到该列填什么、空白表示什么、哪些条款要用。",
        "5. Point at a heading to see what to write, what a blank means and which provisions need the column.",
    ),
)

REQUIRED = (Text("必填", "required"), Text("每行都要填", "in every row"))
NEEDED = (
    Text("按需", "needed"),
    Text("有条款要用到该行时必填，空白为错误", "where a provision reads the row: a blank is an error then"),
)
OPTIONAL = (
    Text("可空", "may be blank"),
    Text("空白有固定含义，见标题上的批注", "a blank has a meaning: see the note at the heading"),
)

HOW_TO_WRITE = (
    Text(
        "日期：2023-03-05（2023/3/5、2023年3月5日也可）。月份：2023-03。年度：2023。",
        "Dates: 2023-03-05 (2023/3/5 is read too). Months: 2023-03. Years: 2023.",
    ),
    Text(
        "金额：以元为单位，最多两位小数，如 12500.50；不以万元为单位，不写单位。其他数量按标题括号里的单位填写。",
        "Amounts: in yuan with at most two decimals, such as 12500.50. Other quantities: in the unit that the heading "
        "has in brackets. No units in cells.",
    ),
    Text(
        "百分比：按文本填写，带百分号，如 25%。是否：填“是”或“否”。",
        "Percentages: as text with the sign, such as 25%. Yes or no: “yes” or “no”.",
    ),
    Text(
        "编号、证件号码：这些列已设为文本格式；从别处粘贴时请选“选择性粘贴—数值”，以免格式被改、长号码末位丢失。",
        "Keys and identity numbers: these columns are kept as text. Paste values only, so that the format stays and "
        "long numbers keep their last digits.",
    ),
    Text(
        "空白：含义见标题批注。“缺失”只在有金额要用到该格时才是错误；“至今”表示尚未结束；“无”表示确知没有；"
        "“尚未核定”按上下限各算一次。",
        "Blanks: see the note at the heading. “Missing” is an error only where an amount needs the cell.",
    ),
    Text(
        "只有人数、没有名册时：在“数量”列填人数，一行代表若干相同的对象，人员列留空。",
        "Where there is only a head-count: give it in the column count; the row stands for so many equal subjects, and "
        "the person stays blank.",
    ),
)

WHAT_COMES_NEXT = (
    Text(
        "先检查，后计算。检查会一次列出全部疑点：工作表、行号、标题、原值、原因和改法。程序不会自行更正任何内容。",
        "First check, then calculate. The check lists everything at once: sheet, row, heading, what stands there, why "
        "it is wrong and what would be right. The program corrects nothing by itself.",
    ),
    Text(
        "有错误时不出预算，请改正后重新检查；也可加 --proceed，先算其余各行，有错误的行不付，并在结果中列明。",
        "With errors there is no budget: correct them and check again. With --proceed the other rows are calculated; "
        "rows with errors are not paid, and are listed.",
    ),
    Text("在命令行中依次执行（年度改为所需的年度）：", "Type these commands (with the year you need):"),
)

DOCUMENT_HEADINGS = (
    Text("序号", "no."),
    Text("文号", "number"),
    Text("补贴标准编号", "schedule"),
    Text("发文机关", "issuer"),
    Text("施行日期（版本）", "in force from (version)"),
    Text("编码修订号", "revision of encoding"),
)
SHEET_HEADINGS = (
    Text("顺序", "order"),
    Text("工作表", "sheet"),
    Text("每行是什么；哪些条款需要", "what a row is; which provisions need it"),
)
PROVISION_HEADINGS = (Text("条", "item"), Text("条款", "provision"), Text("工作表：列", "sheet: columns"))

DOCUMENTS = Text("依据的文件", "Documents")
FILLING = Text("怎样填", "How to fill it in")
COLOURS = Text("标题颜色", "Colours of headings")
SHEETS = Text("各工作表（按填写顺序）", "Sheets, in the order of filling in")
WRITING = Text("各类内容的写法", "How to write things")
NEXT = Text("填好以后", "What comes next")
PROVISIONS = Text("条款对照表", "Provisions and the columns they need")
