"""Schemas of the frames of the federal indicators."""

from ipats_lib.frames.keys import KEY
from ipats_lib.frames.schema import Column, Schema
from ipats_lib.groups import DIMENSIONS
from ipats_lib.indicators.rules import INDICATORS

_LEVELS = "params/levels"
_LIMITS = "params/disclosure.csv"
_PARTICIPATIONS = "periods of participation"
_UNIT = "0..1, or dollars where the measure is ME"

_ID = Column("id", "code", "Short id of the figure, the same in every publication.")
_KEY = (
    Column("period", "code", "The report's program year or quarter, such as `PY2024Q4`."),
    Column("window", "code", "`current` (one quarter), `rolling4`, `ytd` or `annual`."),
    Column("area_type", "code", "`state` or `lwia`, or `planner`."),
    Column("area", "code", "`IL`, the LWIA's number, or the planner's id."),
    Column("program", "code", "`adult`, `dw`, `youth`, `wp`, `title1`, or `core` (ESE alone)."),
    Column("measure", "code", "`ERQ2`, `ERQ4`, `ME`, `CR`, `MSG` or `ESE`."),
    Column("group", "code", "Empty for everybody, else `kind=value`, such as `Sex=Female`."),
)
_PROGRAM_TITLE = Column("program_title", "text", "The program's name.")
_MEASURE_TITLE = Column("measure_title", "text", "The measure's name.")
_WINDOW_TITLE = Column("window_title", "text", "The window in words.")
_NUMERATOR = Column(
    "numerator",
    "count",
    "Successes; none for ME, which has no numerator.",
    _PARTICIPATIONS,
    "20 CFR 677.155",
    missing=True,
)
_DENOMINATOR = Column(
    "denominator",
    "count",
    "How many are counted; of ME, how many wages.",
    _PARTICIPATIONS,
    "20 CFR 677.155",
)
_WITHHELD_DENOMINATOR = Column(
    "denominator",
    "count",
    f"{_DENOMINATOR.meaning} Missing where withheld.",
    _PARTICIPATIONS,
    "20 CFR 677.155",
    missing=True,
)
_PENDING = Column("pending", "count", "Counted, and not known yet.", _PARTICIPATIONS)
_VALUE = Column("value", "figure", "The official figure.", _UNIT, "20 CFR 677.155", missing=True)
_LOWER = Column(
    "lower95",
    "figure",
    "Lower end of its 95 percent interval.",
    _UNIT,
    "Wilson; order statistics",
    missing=True,
)
_UPPER = Column(
    "upper95",
    "figure",
    "Upper end of its 95 percent interval.",
    _UNIT,
    "Wilson; order statistics",
    missing=True,
)
_LEVEL = Column(
    "level", "figure", "What the figure is compared with.", _UNIT, _LEVELS, missing=True
)
_LEVEL_KIND = Column(
    "level_kind",
    "code",
    "`negotiated`, `adjusted` (once the program year is over), or empty.",
    source=_LEVELS,
)
_SYNTHETIC = Column("level_synthetic", "flag", "The level is made up for the sample.")
_PERCENT = Column(
    "percent",
    "percent",
    "The figure as a percent of its level, unrounded.",
    "100: equal",
    "20 CFR 677.190",
    missing=True,
)
_STATUS = Column(
    "status",
    "status",
    "`Exceeds`, `Meets`, `Below`, `Fails`, or why there is no verdict.",
    source="params/bands.csv",
)
_CHANCE = Column(
    "could_be_chance", "flag", "The interval of a figure with a verdict holds its level."
)
_SUPPRESSED = Column("suppressed", "flag", "A median of few wages is withheld.", source=_LIMITS)
_NO_WAGE = "The median of few wages is withheld where readers may not see wages."

FIGURES = Schema(
    "figures",
    "Figures of every window",
    "One figure: a window, a program and a measure of the scope.",
    (
        _ID,
        *_KEY,
        _PROGRAM_TITLE,
        _MEASURE_TITLE,
        _WINDOW_TITLE,
        Column("cohort_first", "date", "First day that selects whom the figure counts."),
        Column("cohort_last", "date", "Last day that selects whom the figure counts."),
        _NUMERATOR,
        _DENOMINATOR,
        _PENDING,
        Column(
            "excluded", "count", "Left out for their reason of exit.", _PARTICIPATIONS, "PIRL 923"
        ),
        _VALUE,
        _LOWER,
        _UPPER,
        Column("known", "share", "The rate of the known outcomes alone.", "0..1", missing=True),
        Column("best", "share", "The rate if every pending one succeeds.", "0..1", missing=True),
        _LEVEL,
        _LEVEL_KIND,
        _SYNTHETIC,
        _PERCENT,
        Column(
            "percent_best",
            "percent",
            "The best case as a percent of the level.",
            "100: equal",
            missing=True,
        ),
        _STATUS,
        _CHANCE,
        _SUPPRESSED,
        Column(
            "partial",
            "flag",
            "The file holds a part of those whom the federal figure counts (ESE).",
        ),
    ),
    KEY,
    _NO_WAGE,
)
HISTORY = Schema(
    "history",
    "Figures by report quarter",
    "One figure of one report quarter alone; only quarters that an extract holds as a whole.",
    (
        _ID,
        *_KEY,
        _PROGRAM_TITLE,
        _MEASURE_TITLE,
        Column("quarter_title", "text", "The report quarter, by calendar year."),
        Column("back", "count", "Quarters before the period's own: 0 to 7.", "quarters"),
        _NUMERATOR,
        _DENOMINATOR,
        _VALUE,
        _LOWER,
        _UPPER,
        _LEVEL,
        _LEVEL_KIND,
        _SYNTHETIC,
        _SUPPRESSED,
        Column("known_at", "date", "As-of date of the extract that gave the figure."),
    ),
    KEY,
    _NO_WAGE,
)
AREAS = Schema(
    "areas",
    "The state and every LWIA",
    "One figure of one area: the main report's windows, and earlier report quarters alone.",
    (
        _ID,
        *_KEY,
        Column("area_title", "text", "The area's name."),
        _PROGRAM_TITLE,
        _MEASURE_TITLE,
        _WINDOW_TITLE,
        Column("back", "count", "Quarters before the period's own: 0 to 7.", "quarters"),
        _NUMERATOR,
        _WITHHELD_DENOMINATOR,
        _VALUE,
        _LOWER,
        _UPPER,
        _LEVEL,
        _LEVEL_KIND,
        _SYNTHETIC,
        _PERCENT,
        _STATUS,
        _CHANCE,
        Column("suppressed", "flag", "Withheld from this scope's readers.", source=_LIMITS),
        Column("release", "flag", "May leave the state's folder.", source=_LIMITS),
    ),
    KEY,
    "Outside the state's folder small cells, and what would give them away, are withheld: also "
    "those of the scope's own area, and the intervals of medians.",
)
_RATIO = "1: equal"
GROUPS = Schema(
    "groups",
    "Figures by group, and equity tests",
    "One figure of one group that anybody of the scope is in; a group is asked at program entry.",
    (
        _ID,
        *_KEY,
        _PROGRAM_TITLE,
        _MEASURE_TITLE,
        _WINDOW_TITLE,
        Column(
            "dimension",
            "text",
            "The kind of group; `All` for everybody.",
            source="PIRL 101 to 1300",
        ),
        Column("group_title", "text", "The group's name; `All` for everybody."),
        _NUMERATOR,
        _DENOMINATOR,
        _PENDING,
        _VALUE,
        _LOWER,
        _UPPER,
        Column("few", "flag", "A small cell: read the counts.", source=_LIMITS),
        Column("too_few", "flag", "Fewer are counted than may carry a verdict.", source=_LIMITS),
        _SUPPRESSED,
        Column(
            "ratio", "number", "The share over that of all of the program.", _RATIO, missing=True
        ),
        Column(
            "ratio_lower", "number", "Lower end of its 95 percent interval.", _RATIO, missing=True
        ),
        Column("ratio_upper", "number", "Upper end of it.", _RATIO, missing=True),
        Column("gap", "points", "The share less that of all of the program.", "0..1", missing=True),
        Column(
            "p_value",
            "number",
            "How often chance alone sets the group so far apart from the others of its program.",
            "0..1",
            "Fisher, two-sided",
            missing=True,
        ),
        Column(
            "differs",
            "flag",
            "Clearly different: the false discovery rate of the scope and window is 5 percent.",
            source="Benjamini-Hochberg",
        ),
        Column(
            "deviations",
            "number",
            "Standard deviations from what is expected.",
            "",
            "29 CFR part 38",
            missing=True,
        ),
        Column("beyond_two", "flag", "Beyond two standard deviations.", source="29 CFR part 38"),
        Column(
            "ratio_best",
            "number",
            "The share over that of the best group of its kind, or of those without the barrier.",
            _RATIO,
            "29 CFR 1607.4(D)",
            missing=True,
        ),
        Column("best_group", "text", "With whom that compares; empty where nothing is compared."),
        Column("under_four_fifths", "flag", "Under 0.8 of it.", source="29 CFR 1607.4(D)"),
        Column(
            "reading",
            "text",
            "`Lower` or `Higher` than all of the program where it differs, else why not; empty "
            "where nothing is tested (medians, the Title I total, kinds of group that are no "
            "people's).",
            source="Benjamini-Hochberg",
        ),
    ),
    KEY,
    _NO_WAGE,
)
TRAINING = Schema(
    "training",
    "Outcomes by training provider and occupation",
    "One figure of the main window, of those in Title I who trained with one provider, or for one "
    "group of occupations. Empty for planners.",
    (
        _ID,
        *_KEY,
        _PROGRAM_TITLE,
        _MEASURE_TITLE,
        _WINDOW_TITLE,
        Column(
            "dimension",
            "text",
            "`Training provider` (of the first training) or `Occupation of training` (of any).",
            source="PIRL 1301, 1306, 1311, 1316",
        ),
        Column(
            "group_title",
            "text",
            "The provider, or the group of occupations; `Not recorded` where the record has none.",
            source="PIRL 1301; params/occupations.csv",
        ),
        _NUMERATOR,
        _WITHHELD_DENOMINATOR,
        Column("pending", "count", _PENDING.meaning, _PARTICIPATIONS, missing=True),
        _VALUE,
        _LOWER,
        _UPPER,
        Column("suppressed", "flag", "A small cell, or one beside it.", source=_LIMITS),
    ),
    KEY,
    "Small cells, and enough others of the same kind that no subtraction gives them back, are "
    "withheld from every reader.",
)
OUTCOMES = Schema(
    "outcomes",
    "The records behind each figure",
    "One record in one window, program and measure. Not of the Title I total.",
    (
        Column("row", "code", "The record: its line in the PIRL file."),
        Column(
            "customer",
            "customer",
            "The customer's id; missing for the state.",
            source="PIRL 100",
            missing=True,
        ),
        Column(
            "area",
            "code",
            "The scope's LWIA; for the state the LWIAs of the record.",
        ),
        *(column for column in _KEY if column.name in ("period", "window", "program", "measure")),
        _WINDOW_TITLE,
        _PROGRAM_TITLE,
        _MEASURE_TITLE,
        Column(
            "outcome",
            "code",
            "`success`, `failure`, `pending`, `excluded`, or `awaiting`: not "
            "counted, and may be once more is known.",
        ),
        Column("reason", "code", "Why, as a code.", source="params/reasons.csv"),
        Column("reason_title", "text", "Why, in words.", source="params/reasons.csv"),
        Column("exit_date", "date", "Day of exit.", source="PIRL 901", missing=True),
        Column("counts_by", "date", "Last day on which an open outcome can happen.", missing=True),
        Column("days_left", "count", "Days until then; below 0 when past.", "days", missing=True),
        Column(
            "wage",
            "dollars",
            "The quarterly wage that counts, where readers may see it.",
            "dollars",
            "PIRL 1704",
            missing=True,
        ),
        Column(
            "match_type",
            "code",
            "How employment was found: 1 to 5, or 0.",
            source="PIRL 1603, 1607",
            missing=True,
        ),
    ),
    ("row", "period", "window", "program", "measure"),
    "The state's frame has no customer's id and no wage; a planner's has no wage unless "
    "params/disclosure.csv shows wages to planners.",
)
# Every element that decides one of the five measures, by number.
DECIDING: tuple[str, ...] = tuple(
    sorted({number for rule in INDICATORS.values() for number in rule.decided_by})
)
ELEMENTS = Schema(
    "elements",
    "What decides each record",
    "One record and program of the outcomes: PIRL elements, blank where they are, and groups at "
    "program entry, several with a semicolon between.",
    (
        OUTCOMES.columns[0],
        *(column for column in _KEY if column.name == "program"),
        *(
            Column(number, "code", "The element as the PIRL file has it.", source=f"PIRL {number}")
            for number in DECIDING
        ),
        *(
            Column(kind, "text", "The groups of this kind.", source="PIRL 101 to 1300")
            for kind in DIMENSIONS
        ),
    ),
    ("row", "program"),
    "Empty for the state: its folder lists nobody. Where readers may not see wages, 1704 says "
    "`found` or `not yet` (params/disclosure.csv).",
)
CALENDAR = Schema(
    "calendar",
    "Which cohort feeds which measure",
    "One program and measure of one report quarter: the present one and seven to come.",
    (
        *(column for column in _KEY if column.name in ("period", "program", "measure")),
        _PROGRAM_TITLE,
        _MEASURE_TITLE,
        Column("counted", "text", "The calendar quarter of exits, or of skill gains."),
        Column("cohort_first", "date", "First day of it."),
        Column("cohort_last", "date", "Last day of it."),
        Column("measured", "text", "The calendar quarter in which the outcome is measured."),
        Column("measured_first", "date", "First day of it."),
        Column("measured_last", "date", "Last day of it."),
        Column("due", "date", "When the quarterly report is due.", source="params/due_dates.csv"),
        Column(
            "locked",
            "date",
            "When the annual report is due, and figures lock.",
            source="params/due_dates.csv",
        ),
        Column("days_to_lock", "count", "Days until then; below 0 when past.", "days"),
        Column(
            "complete", "flag", "Every exit of the cohort is known.", source="20 CFR 677.150(c)"
        ),
        Column("measured_over", "flag", "The quarter of the outcome is over."),
        Column("held", "count", "Records that the cohort holds so far.", _PARTICIPATIONS),
    ),
    ("period", "program", "measure"),
)

PERFORMANCE: tuple[Schema, ...] = (
    *(FIGURES, HISTORY, AREAS, GROUPS, TRAINING, OUTCOMES, ELEMENTS, CALENDAR),
)
