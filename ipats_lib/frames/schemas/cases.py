"""Schemas of the frames of customers, services and work."""

from ipats_lib.frames.schema import Column, Schema

_NOBODY = "Empty for the state: its folder holds no customer's id (decision 0016)."
_AREA_TYPE = Column("area_type", "code", "Kind of the area: `state`, `lwia` or `planner`.")
_AREA = Column(
    "area",
    "code",
    "The scope itself, or an area inside it: an LWIA of the state, a planner of an LWIA (blank: "
    "nobody; `other LWIA`: somebody there).",
)
_AREA_TITLE = Column("area_title", "text", "The area's name.")
_KNOWN_AT = Column(
    "known_at",
    "date",
    "As-of date of the extract that counted. Rows of the newest date are of the present extract.",
)
_PROGRAM = Column(
    "program",
    "code",
    "`adult`, `dw`, `youth`, `several` (of these), `wp`, `not_enrolled`, `none`; `all` where "
    "programs are not separated; blank without a record.",
    source="PIRL 903, 904, 905, 918",
)
_PROGRAM_TITLE = Column("program_title", "text", "The program's name.")
_CUSTOMER = Column("customer", "customer", "The customer's id.", source="PIRL 100")
_ROW = Column(
    "row",
    "code",
    "The record: its line in the PIRL file. Missing without a record.",
    missing=True,
)
_PLANNER = Column(
    "planner",
    "code",
    "Id of the career planner: the newest open assignment to an active planner. Blank: nobody, "
    "and on a planner's pages anybody else; `other LWIA`: somebody there.",
    source="assignment, planner",
)
_PLANNER_NAME = Column("planner_name", "text", "The planner's name, or that there is none.")
_N = Column("n", "count", "How many.", "periods of participation", missing=True)
_ALERT = (
    Column("alert", "code", "The alert's number, such as `A-16`.", source="params/alerts.csv"),
    Column("alert_title", "text", "The alert's name."),
    Column("alert_group", "text", "What kind of work it is.", source="params/alert_groups.csv"),
    Column(
        "rank",
        "count",
        "1 for the alert that helps a measure most.",
        "place",
        "params/alert_groups.csv",
    ),
    Column(
        "measures",
        "text",
        "The measures that acting on it can still change, such as `ERQ2, ME`; blank for none.",
        source="params/alert_groups.csv",
    ),
)
_ACTION = Column("action", "text", "What to do.", source="params/alerts.csv")
_OPEN = Column("open", "count", "Open alert lines.", "alert lines")
_OVERDUE = Column("overdue", "count", "Of these, past their date.", "alert lines")
_THIS_WEEK = Column("this_week", "count", "Of these, due today or in 7 days.", "alert lines")

CUSTOMERS = Schema(
    "customers",
    "Customers",
    "A period of participation of the caseload, or an applicant without a record.",
    (
        _ROW,
        _CUSTOMER,
        _PROGRAM,
        _PROGRAM_TITLE,
        Column("title1", "flag", "In Title I, which the dashboards count."),
        Column("case_status", "text", "Status on the as-of date.", source="params/statuses.csv"),
        Column("is_active", "flag", "Entered and not exited.", source="PIRL 900, 901"),
        Column("entry", "date", "Day of entry.", source="PIRL 900", missing=True),
        Column("exit", "date", "Day of exit.", source="PIRL 901", missing=True),
        Column("exit_reason", "text", "Reason of exit; blank without an exit.", source="PIRL 923"),
        Column(
            "last_service",
            "date",
            "Newest date that extends participation.",
            source="params/extending_services.csv",
            missing=True,
        ),
        Column("days", "count", "Days since then, of the active.", "days", missing=True),
        Column(
            "service_band",
            "text",
            "These days in bands, of the active; blank for others.",
            source="params/service_bands.csv",
        ),
        _PLANNER,
        _PLANNER_NAME,
        Column("shown_by", "code", "The planner whose pages show the customer; blank for none."),
        Column("first_due", "date", "Earliest date of the open alerts.", missing=True),
        _OPEN,
        _OVERDUE,
        Column(
            "co_enrolled",
            "flag",
            "In several programs of Title I, in Wagner-Peyser or in Trade as well.",
            source="PIRL 903, 904, 905, 915, 918",
        ),
        Column("in_planned_gap", "flag", "In a planned gap in any LWIA.", source="service"),
        Column("service_planned", "flag", "A service is to come in any LWIA.", source="service"),
    ),
    ("customer", "row"),
    f"Of a customer's other areas only yes or no. {_NOBODY}",
)

ALERTS = Schema(
    "alerts",
    "Alerts",
    "An alert that holds for a customer, and its reason; the first due first.",
    (
        *_ALERT,
        _CUSTOMER,
        _ROW,
        _PROGRAM,
        _PROGRAM_TITLE,
        _PLANNER,
        _PLANNER_NAME,
        Column("assigned", "flag", "The customer has an active planner among those of the scope."),
        Column("why", "text", "Why the alert holds."),
        _ACTION,
        Column("since", "date", "The date that the alert counts from.", missing=True),
        Column("due", "date", "Last day to act; missing: at any time.", missing=True),
        Column("days_left", "count", "Days until then; below 0 when past.", "days", missing=True),
        Column("days_overdue", "count", "Days since then, or 0.", "days"),
        Column("urgency", "code", "`overdue`, `this week`, `later` or `at any time`."),
        Column("alert_level", "code", "`red`, `amber` or blank.", source="params/alert_levels.csv"),
    ),
    ("alert", "customer", "row", "why"),
    f"Of a customer's other areas only yes or no decides. {_NOBODY}",
)

ALERT_COUNTS = Schema(
    "alert_counts",
    "Counts of alerts",
    "An alert in the scope or in an area inside it, as one extract had it.",
    (
        _KNOWN_AT,
        _AREA_TYPE,
        _AREA,
        _AREA_TITLE,
        *_ALERT,
        Column("definition", "text", "When the alert holds.", source="params/alerts.csv"),
        _ACTION,
        _OPEN,
        Column(
            "customers",
            "count",
            "Customers of these; of the present extract alone.",
            "customers",
            missing=True,
        ),
        Column(
            "overdue",
            "count",
            "Of the open, past their date; of the present extract alone.",
            "alert lines",
            missing=True,
        ),
        Column(
            "this_week",
            "count",
            "Of the open, due today or in 7 days; of the present extract alone.",
            "alert lines",
            missing=True,
        ),
    ),
    ("known_at", "area_type", "area", "alert"),
)

SERVICES = Schema(
    "services",
    "Services",
    "A service, planned gap, training, follow-up, case note, application or milestone of a "
    "customer; oldest first.",
    (
        _CUSTOMER,
        Column(
            "kind",
            "code",
            "`service`, `planned gap`, `training`, `follow-up`, `case note`, `application` or "
            "`milestone` (entry, exit, credential, skill gain).",
        ),
        Column("title", "text", "What it was."),
        Column("start", "date", "When it began or happened.", missing=True),
        Column("end", "date", "When it ended.", missing=True),
        Column("planned_end", "date", "When it was to end.", missing=True),
        Column("under_way", "flag", "Begun and not ended; a training: of the active alone."),
        Column("training", "flag", "A training of the PIRL file.", source="PIRL 1302, 1309, 1314"),
        Column(
            "type",
            "text",
            "Type of a training or of a case note; blank for others.",
            source="PIRL 1303, 1310, 1315; case_note",
        ),
        Column(
            "provider",
            "text",
            "Who gave it; of a training under way the provider of the nearest service; blank "
            "elsewhere.",
            source="service",
        ),
        Column("occupation", "code", "O*NET code of a training.", source="PIRL 1306, 1311, 1316"),
        Column(
            "occupation_group",
            "text",
            "The major group of the occupation.",
            source="params/occupations.csv",
        ),
        Column("with_account", "flag", "On a training account.", source="PIRL 1319"),
        Column("service_status", "text", "Status of a service in IWDS.", source="service"),
        Column(
            "planner",
            "code",
            "Who recorded it, where the record names one; on a planner's pages that planner alone.",
        ),
        _PLANNER_NAME,
    ),
    (
        *("customer", "kind", "title", "start", "end", "planned_end", "under_way", "type"),
        *("provider", "occupation", "with_account", "service_status", "planner"),
    ),
    _NOBODY,
)

CASELOAD = Schema(
    "caseload",
    "Caseload",
    "A part of the caseload of the scope, or of an area inside it, that has anybody.",
    (
        _KNOWN_AT,
        _AREA_TYPE,
        _AREA,
        _AREA_TITLE,
        Column(
            "part",
            "code",
            "By what the caseload is parted: `status`; `days since service` (the active), `days "
            "since note`; `group` (the active), `share`; `training` (under way), `training on an "
            "account`, `provider`, `occupation`; `on a day` (active, follow_up, enrolled, exited, "
            "long on `day`).",
        ),
        _PROGRAM,
        _PROGRAM_TITLE,
        Column("name", "text", "The status, band, group, type and so on; of a share its id."),
        Column("title", "text", "The same in words."),
        Column(
            "detail",
            "text",
            "Of a group its kind, of a provider the type of training, of an occupation its major "
            "group.",
        ),
        Column("day", "date", "The day that is counted."),
        _N,
        Column(
            "of",
            "count",
            "Of how many, for shares and groups; missing for others.",
            "periods of participation",
            missing=True,
        ),
        Column("share", "share", "n divided by of.", "0..1", missing=True),
        Column(
            "at_least", "share", "What a share should reach.", "0..1", "params/shares.csv", True
        ),
        Column("low", "flag", "The share is below that."),
    ),
    ("known_at", "area_type", "area", "part", "program", "name", "detail", "day"),
)

FLOW = Schema(
    "flow",
    "Enrollments and exits",
    "The enrollments, or exits, of a span of days: a month of the last 24, or one that ends now.",
    (
        _KNOWN_AT,
        _AREA_TYPE,
        _AREA,
        _AREA_TITLE,
        Column("what", "code", "`enrollments` (900) or `exits` (901).", source="PIRL 900, 901"),
        Column(
            "span",
            "code",
            "`month`, `month to date`, `quarter to date`, `program year to date`, `3 months`, `12 "
            "months`, `12 whole months`.",
        ),
        Column("start", "date", "First day."),
        Column("end", "date", "Last day; of the running month the as-of date."),
        _PROGRAM,
        _PROGRAM_TITLE,
        Column("exit_reason", "text", "Reason of the exits; blank: all.", source="PIRL 923"),
        _N,
        Column(
            "year_before",
            "count",
            "The same span a year before; of earlier extracts missing.",
            "periods of participation",
            missing=True,
        ),
        Column("whole", "flag", "The extract holds the span as a whole, and all its exits."),
        Column("year_before_whole", "flag", "The extract holds the same span a year before."),
    ),
    ("known_at", "area_type", "area", "what", "span", "start", "program", "exit_reason"),
)

ENGAGEMENT = Schema(
    "engagement",
    "Customer engagement",
    "An indicator of engagement in a calendar quarter, for the scope or an area inside it.",
    (
        _KNOWN_AT,
        _AREA_TYPE,
        _AREA,
        _AREA_TITLE,
        _PROGRAM,
        _PROGRAM_TITLE,
        Column("indicator", "code", "Such as `E-01`.", source="params/engagement.csv"),
        Column("indicator_title", "text", "The indicator's name."),
        Column("definition", "text", "What it counts.", source="params/engagement.csv"),
        Column("quarter", "text", "Calendar quarter; blank: the newest closed one of `known_at`."),
        Column("starts", "date", "First day of the quarter.", missing=True),
        Column("band", "text", "Blank: all events. Else those whose value is in this band."),
        Column("events", "count", "How many events.", "events"),
        Column(
            "result",
            "number",
            "Median of the events, of a share their mean; missing for a band.",
            "see unit",
            missing=True,
        ),
        Column("unit", "code", "`days`, `per month` or `share` (0..1)."),
        Column("closed", "flag", "Nothing can be added any more."),
    ),
    ("known_at", "area_type", "area", "program", "indicator", "quarter", "band"),
)

WORKLOAD = Schema(
    "workload",
    "Workload",
    "The work of the scope, and of each area inside it.",
    (
        _AREA_TYPE,
        _AREA,
        _AREA_TITLE,
        Column("active", "count", "Active in Title I.", "periods of participation"),
        Column("follow_up", "count", "Exited, in follow-up.", "periods of participation"),
        Column(
            "reached",
            "count",
            "Of them, with a follow-up service after the exit.",
            "periods of participation",
            "PIRL 1503, 1412",
        ),
        Column("coverage", "share", "reached divided by follow_up.", "0..1", missing=True),
        Column("enrolled", "count", "Enrolled in 90 days.", "periods of participation"),
        Column(
            "exited",
            "count",
            "Exited in the 90 days up to the last day whose exits are all known.",
            "periods of participation",
        ),
        Column("load", "number", "Weighted load.", "weights", "params/workload.csv"),
        Column(
            "planners", "count", "Active career planners, of the state.", "persons", missing=True
        ),
        Column("load_each", "number", "Load per planner.", "weights", missing=True),
        Column(
            "of_mean",
            "number",
            "The load (of the state: per planner) over the mean of the areas with customers.",
            "1: equal",
            missing=True,
        ),
        Column("balance", "code", "`within`, `over`, `under`, `assign` (nobody's) or blank."),
        _OPEN,
        _OVERDUE,
        _THIS_WEEK,
        Column("overdue_share", "share", "overdue divided by open.", "0..1", missing=True),
        Column("overdue_exits", "count", "Lines of A-08, overdue soft exit.", "alert lines"),
        Column("past_planned_end", "count", "Lines of A-10.", "alert lines"),
        Column("skill_gains_due", "count", "Lines of A-14.", "alert lines"),
        Column("long", "count", "Lines of A-27, long participation.", "alert lines"),
    ),
    ("area_type", "area"),
    "The state's rows are LWIAs: no planner is named outside the LWIA.",
)

FINDINGS = Schema(
    "findings",
    "Records to fix",
    "An edit check and a record that breaks it; for the state a check and an area.",
    (
        Column("rule", "code", "The check's number.", source="params/edit_checks.csv"),
        Column("check", "text", "What the check says.", source="params/edit_checks.csv"),
        Column("severity", "code", "`reject`, `error`, `warning` or `info` (worth a look)."),
        _AREA_TYPE,
        _AREA,
        _AREA_TITLE,
        Column("records", "count", "How many records; 1 for each one listed.", "records"),
        _CUSTOMER,
        _ROW,
        _PROGRAM,
        _PROGRAM_TITLE,
        Column("elements", "text", "The elements to correct in IWDS, by number and name."),
        Column("values", "text", "What they hold now; blank for the state."),
        Column("dated", "date", "Exit, or entry while active.", missing=True),
        _PLANNER,
        _PLANNER_NAME,
    ),
    ("rule", "area_type", "area", "customer", "row"),
    "Wages only where readers may see them (params/disclosure.csv). Of the state counts alone.",
)

CASES: tuple[Schema, ...] = (
    *(CUSTOMERS, ALERTS, ALERT_COUNTS, SERVICES, CASELOAD, FLOW, ENGAGEMENT, WORKLOAD, FINDINGS),
)
