"""Schemas of the assessment: the scores of the state and of each LWIA (domain 3)."""

from ipats_lib.frames.schema import Column, Schema

_FILES = "params/assessments"
_MODEL = "params/adjustment"
_UNIT = "0..1, or dollars where the measure is ME"
_SHARE = "0..1, or a local condition's own unit"
_KEY = (
    Column("period", "code", "The report's program year or quarter, such as `PY2024Q4`."),
    Column("area_type", "code", "`state` or `lwia`: planners are not assessed."),
    Column("area", "code", "`IL`, or the LWIA's number."),
)
_OF_ONE = (
    Column("program", "code", "`adult`, `dw`, `youth`, or `wp` (the state's alone)."),
    Column("measure", "code", "`ERQ2`, `ERQ4`, `ME`, `CR` or `MSG`."),
)
_SCORE_KIND = Column(
    "score_kind",
    "code",
    "`individual`; `program` and `indicator` for the overall scores.",
    source="20 CFR 677.190",
)
_OF_SCORE = (
    Column("program", "code", "The program; empty for an overall indicator score."),
    Column("measure", "code", "The measure; empty for an overall program score."),
    Column("program_title", "text", "The program's name, or empty."),
    Column("measure_title", "text", "The measure's name, or empty."),
    Column("components", "count", "Individual scores in it.", "scores"),
)
_SCORE = Column(
    "score",
    "percent",
    "The figure as a percent of its target, or the mean of such scores.",
    "100: equal",
    "20 CFR 677.190",
    missing=True,
)
_STATUS = Column(
    "status",
    "status",
    "The verdict, or why there is none; a partial mean has a score and no verdict.",
    source="params/bands.csv",
)
_THRESHOLD = Column(
    "threshold", "percent", "A score under it fails.", "100: equal", "params/assessment.csv"
)
_FAILS = Column("fails", "flag", "The score is under its threshold.")
_NO_WAGE = "The median of few wages is withheld where readers may not see wages."

ASSESSMENT = Schema(
    "assessment",
    "Scores of the program year",
    "One score: of an indicator of a program, or the mean over a program or over an indicator.",
    (
        *_KEY,
        _SCORE_KIND,
        *_OF_SCORE,
        Column(
            "denominator",
            "count",
            "How many the individual score counts.",
            "periods of participation",
            missing=True,
        ),
        Column("value", "figure", "The figure of the program year.", _UNIT, missing=True),
        Column(
            "negotiated", "figure", "The negotiated level.", _UNIT, "params/levels", missing=True
        ),
        Column("level", "figure", "The target of the score.", _UNIT, "params/levels", missing=True),
        Column(
            "level_kind",
            "code",
            "`negotiated`, `adjusted` (once the program year is over), or empty.",
            source="params/levels",
        ),
        Column("level_synthetic", "flag", "The level is made up for the sample."),
        Column(
            "data_years",
            "text",
            "Program years of complete data, such as `PY2023, PY2024`; a score needs two.",
            source=f"{_FILES}; 20 CFR 677.220(a)(1)(ii)",
        ),
        _SCORE,
        _STATUS,
        Column("could_be_chance", "flag", "The interval of the figure holds the target."),
        _THRESHOLD,
        Column("threshold_source", "text", "Who set it.", source="params/assessment.csv"),
        _FAILS,
        Column("short", "number", "By how much.", "percent of the target", missing=True),
        Column(
            "years_failed",
            "count",
            "Years in a row of this failure, with this one; 0 where the score does not fail.",
            "program years",
            _FILES,
        ),
        Column(
            "follows",
            "text",
            "What the law has follow a failure; empty without one.",
            source="params/consequences.csv",
        ),
        Column(
            "earlier_failures",
            "count",
            "Earlier program years of the same failure on file.",
            "program years",
            _FILES,
        ),
        Column("earlier_synthetic", "flag", "One of them at least is made up for the sample."),
        Column(
            "estimate",
            "figure",
            "The negotiated level adjusted by the model: an estimate, not official.",
            _UNIT,
            _MODEL,
            missing=True,
        ),
        Column(
            "estimate_lacks", "text", "Why there is no estimate; empty elsewhere.", source=_MODEL
        ),
    ),
    ("period", "area_type", "area", "score_kind", "program", "measure"),
    f"{_NO_WAGE} A planner's frame is empty.",
)
SCORE_CASES = Schema(
    "score_cases",
    "What the scores would be",
    "One score of the assessment in one case of what becomes of the pending outcomes.",
    (
        *_KEY,
        Column(
            "case",
            "code",
            "`none` of them succeeds, as `expected` (an estimate), or `all` do.",
            source="the frame `outlook`",
        ),
        _SCORE_KIND,
        *_OF_SCORE,
        Column("value", "figure", "The figure in that case.", _UNIT, missing=True),
        _SCORE,
        _STATUS,
        _THRESHOLD,
        _FAILS,
        Column(
            "as_it_stands",
            "flag",
            "The figure has no other value in that case: Wagner-Peyser, a median without a bound, "
            "or no forecast.",
        ),
    ),
    ("period", "area_type", "area", "case", "score_kind", "program", "measure"),
    f"{_NO_WAGE} A planner's frame is empty.",
)
PLAN = Schema(
    "plan",
    "Participants and exiters against plan",
    "One planned count of a program year. Empty for planners, and where no plan is on file.",
    (
        *_KEY,
        Column("program", "code", "`adult`, `dw`, `youth` or `wp`."),
        Column("program_title", "text", "The program's name."),
        Column("item", "code", "`participants` or `exiters`.", source="params/plans"),
        Column("planned", "count", "The plan for the whole program year.", "persons, or periods of "
               "participation of exiters", "params/plans"),
        Column(
            "so_far",
            "count",
            "Participants served so far, each person once; of exiters, periods of participation "
            "that ended.",
            "as planned",
            "ETA-9169, participants served and exited",
        ),
        Column("percent", "percent", "Of the plan.", "100: equal", missing=True),
        Column("first", "date", "First day that is counted."),
        Column("last", "date", "Last day of the year that is counted."),
        Column("elapsed", "share", "How much of these days is over.", "0..1"),
        Column("plan_source", "text", "Where the plan is published.", source="params/plans"),
    ),
    ("period", "area_type", "area", "program", "item"),
)  # fmt: skip
ADJUSTMENT = Schema(
    "adjustment",
    "What each variable does to a level",
    "One variable of the statistical adjustment model of one program and measure. Empty where no "
    "coefficients are supplied for the program year.",
    (
        *_KEY,
        *_OF_ONE,
        Column("variable", "text", "A group's name, or a local condition's.", source=_MODEL),
        Column(
            "coefficient",
            "number",
            "The level's change for a change of the variable by 1.",
            source=_MODEL,
        ),
        Column(
            "before",
            "number",
            "The variable in the estimate made before the year.",
            _SHARE,
            _MODEL,
            missing=True,
        ),
        Column(
            "actual",
            "number",
            "The variable in the measure's own cohort of the year.",
            _SHARE,
            "PIRL 101 to 1300",
            missing=True,
        ),
        Column("contribution", "points", "What it adds to the level.", _UNIT, missing=True),
        Column(
            "printed_before",
            "figure",
            "The Department of Labor's estimate before the year, as printed.",
            _UNIT,
            _MODEL,
            missing=True,
        ),
    ),
    ("period", "area_type", "area", "program", "measure", "variable"),
    "A planner's frame is empty.",
)

ASSESSED: tuple[Schema, ...] = (ASSESSMENT, SCORE_CASES, PLAN, ADJUSTMENT)
