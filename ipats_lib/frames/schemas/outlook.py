"""Schemas of the frames of what a program year may still become."""

from ipats_lib.frames.schema import Column, Schema

_PARTICIPATIONS = "periods of participation"
_UNIT = "0..1, or dollars where the measure is ME"
_OF_LEVEL = "100: equal"
_LEVELS = "params/levels"

_PERIOD = Column("period", "code", "The program year, such as `PY2024`, or its quarter.")
_PROGRAM = Column("program", "code", "`adult`, `dw` or `youth`.")
_MEASURE = Column("measure", "code", "`ERQ2`, `ERQ4`, `ME`, `CR` or `MSG`.")
_TITLES = (
    Column("program_title", "text", "The program's name."),
    Column("measure_title", "text", "The measure's name."),
)
_NO_WAGE = "The median of few wages is withheld where readers may not see wages."
_NO_CUSTOMER = "The state's frame has no customer's id."


def _figure(name: str, meaning: str) -> Column:
    return Column(name, "figure", meaning, _UNIT, missing=True)


OUTLOOK = Schema(
    "outlook",
    "What a program year may still become",
    "One program and measure of a program year's annual report: the period's year, and the next.",
    (
        _PERIOD,
        _PROGRAM,
        _MEASURE,
        *_TITLES,
        Column("numerator", "count", "Successes; none for ME.", _PARTICIPATIONS, missing=True),
        Column("denominator", "count", "How many are counted; of ME, wages.", _PARTICIPATIONS),
        Column(
            "pending",
            "count",
            "Not known yet; of ME, wages that are awaited and not counted yet.",
            _PARTICIPATIONS,
        ),
        _figure("value", "The official figure as it stands."),
        _figure("at_worst", "If every pending outcome fails; of ME, a lower bound."),
        _figure("expected", "An estimate from the scope's own past, no result."),
        _figure(
            "low80",
            "Lower end of the band that is meant to hold the final figure in 80 of 100 cases; "
            "missing where none is attached.",
        ),
        _figure("high80", "Upper end of that band."),
        _figure("at_best", "If every pending outcome succeeds; of ME, an upper bound."),
        _figure(
            "usual_miss",
            "How far the estimate is usually off; missing where the method is not tested.",
        ),
        Column(
            "level", "figure", "What the figure is compared with.", _UNIT, _LEVELS, missing=True
        ),
        Column(
            "level_kind",
            "code",
            "`negotiated`, `adjusted` (once the program year is over), or empty.",
            source=_LEVELS,
        ),
        Column("level_synthetic", "flag", "The level is made up for the sample."),
        Column("percent", "percent", "The figure as a percent of it.", _OF_LEVEL, missing=True),
        Column(
            "percent_expected",
            "percent",
            "The estimate as a percent of it.",
            _OF_LEVEL,
            missing=True,
        ),
        Column(
            "percent_best", "percent", "The best case as a percent of it.", _OF_LEVEL, missing=True
        ),
        Column(
            "to_90",
            "count",
            "Successes lacking for 90 percent of the level, the denominator as it is; of ME, wages "
            "at or above it. Missing without a level, or where it is out of reach.",
            _PARTICIPATIONS,
            "20 CFR 677.190",
            missing=True,
        ),
        Column(
            "to_100", "count", "The same for the whole level.", _PARTICIPATIONS, missing=True
        ),
        Column(
            "one_more",
            "percent",
            "What one more success adds to the percent of the level; none for ME.",
            _OF_LEVEL,
            missing=True,
        ),
        Column("suppressed", "flag", "A median of few wages is withheld.",
               source="params/disclosure.csv"),
    ),
    ("period", "program", "measure"),
    _NO_WAGE,
)  # fmt: skip
OPEN_OUTCOMES = Schema(
    "open_outcomes",
    "Outcomes that are still open",
    "One open outcome of one record, program and measure in the period's program year or the next.",
    (
        _PERIOD,
        _PROGRAM,
        _MEASURE,
        *_TITLES,
        Column("row", "code", "The record: its line in the PIRL file."),
        Column(
            "customer",
            "customer",
            "The customer's id; missing for the state.",
            source="PIRL 100",
            missing=True,
        ),
        Column("area", "code", "The scope's LWIA; for the state the LWIAs of the record."),
        Column("reason", "code", "Why it is open, as a code.", source="params/reasons.csv"),
        Column("reason_title", "text", "Why it is open, in words.", source="params/reasons.csv"),
        Column("counts_by", "date", "Last day on which the outcome can happen."),
        Column("days_left", "count", "Days until then; below 0 when past.", "days"),
        Column(
            "locked",
            "date",
            "When the annual report is due, and figures lock.",
            source="params/due_dates.csv",
        ),
    ),
    ("row", "period", "program", "measure"),
    _NO_CUSTOMER,
)
ACCURACY = Schema(
    "accuracy",
    "How far earlier expectations were off",
    "One past report quarter of a program and measure, guessed from the quarters before it.",
    (
        _PERIOD,
        _PROGRAM,
        _MEASURE,
        *_TITLES,
        Column("quarter_title", "text", "The report quarter, by calendar year."),
        Column("expected", "figure", "What the quarters before it gave.", _UNIT, missing=True),
        Column("turned_out", "figure", "What is known now.", _UNIT),
        Column("miss", "points", "What is known now less what was expected.", _UNIT),
        Column("known_outcomes", "count", "Known outcomes, or wages.", _PARTICIPATIONS),
        Column(
            "low80",
            "figure",
            "Lower end of the 80 percent band that the other tested quarters give; missing where "
            "they are too few.",
            _UNIT,
            missing=True,
        ),
        Column("high80", "figure", "Upper end of that band.", _UNIT, missing=True),
        Column("in_band", "code", "`inside` or `outside` of it; empty where there is none."),
    ),
    ("period", "program", "measure"),
    _NO_WAGE,
)
COHORT_MEMBERS = Schema(
    "cohort_members",
    "Who is in each cohort of the calendar",
    "One record that a report quarter of `calendar` holds so far, by program and measure.",
    (
        _PERIOD,
        _PROGRAM,
        _MEASURE,
        *_TITLES,
        Column("row", "code", "The record: its line in the PIRL file."),
        Column("customer", "customer", "The customer's id.", source="PIRL 100"),
    ),
    ("row", "period", "program", "measure"),
    "Empty for the state: its folder holds no customer's id (decision 0016).",
)
EARLIER_OUTLOOK = Schema(
    "earlier_outlook",
    "What earlier extracts knew of the outlook",
    "One count of an earlier extract; what it does not name is none.",
    (
        Column("known_at", "date", "As-of date of the extract that counted."),
        Column(
            "what",
            "code",
            "`official` (the figure as it stood), `open` (outcomes still open) or `cohort` "
            "(records of a quarter of the calendar, Title I as a whole).",
        ),
        _PERIOD,
        Column("program", "code", "`adult`, `dw`, `youth` or `title1`."),
        _MEASURE,
        *_TITLES,
        Column("n", "count", "How many.", _PARTICIPATIONS),
        _figure("value", "The official figure as it stood."),
    ),
    ("known_at", "what", "period", "program", "measure"),
    _NO_WAGE,
)

OUTLOOKS: tuple[Schema, ...] = (
    *(OUTLOOK, OPEN_OUTCOMES, ACCURACY, COHORT_MEMBERS, EARLIER_OUTLOOK),
)
