"""The words of the synthetic state: invented names, providers, and public classification codes."""

FIRST_NAMES = (
    "Adelbert", "Brisa", "Corwin", "Delphine", "Emeric", "Fenna", "Garrick", "Hollis", "Isolde",
    "Jorah", "Kestrel", "Lowell", "Mirabel", "Nerys", "Osric", "Petra", "Quillon", "Rosalba",
    "Sorrel", "Thaddea", "Ulric", "Verity", "Wendeline", "Xanthe", "Yorick", "Zinnia",
)  # fmt: skip
LAST_NAMES = (
    "Arkwright", "Bellwether", "Cobblestone", "Dunmere", "Elderfen", "Foxglade", "Gorsefield",
    "Harrowgate", "Inkwell", "Juniperus", "Kingfisher", "Larkmeadow", "Millrace", "Nettlewood",
    "Oakenshaw", "Pennyroyal", "Quarryman", "Rushbrook", "Silverbirch", "Thistledown",
    "Underhill", "Vinterby", "Winterbourne", "Yellowham", "Zephyrson",
)  # fmt: skip
PROVIDERS = (
    "Prairie Skills College", "Two Rivers Institute", "Oakfield Training Center",
    "Lakeview Health Careers, Inc.", "Bluestem Technical Academy", "Cornbelt Driving School, LLC",
)  # fmt: skip
# O*NET-SOC codes of trainings and jobs, NAICS codes of employers.
OCCUPATIONS = (
    "29114100", "31113100", "53303200", "49902100", "43406100", "15123200", "51412100", "29205200",
    "47215200", "25203100", "43301100", "13201100",
)  # fmt: skip
INDUSTRIES = (
    "493110", "621610", "622110", "484121", "561320", "722511", "332710", "238220", "445110",
    "624410", "541511", "611110",
)  # fmt: skip
GRANTS = ("DW-00000-24-60-A-17", "DW-00001-23-60-A-17", "DW-00002-24-60-A-17")
PROJECTS = ("IL-HEALTH-2024", "IL-EV-2023", "IL-APPRENTICE-01", "IL-YOUTH-CAREER")
OTHER_STATES = (
    ("IN", "089", "46320"), ("WI", "059", "53140"), ("MO", "510", "63101"), ("IA", "163", "52801"),
    ("KY", "145", "42001"),
)  # fmt: skip
# First three digits of the ZIP codes of an area, and the counties where most of its people live.
ZIP_PREFIXES = {
    "01": "600", "02": "600", "03": "611", "04": "613", "05": "601", "06": "605", "07": "606",
    "10": "604", "11": "609", "13": "612", "14": "623", "15": "616", "17": "618", "18": "618",
    "19": "625", "20": "627", "21": "626", "22": "620", "23": "624", "24": "622", "25": "629",
    "26": "629", "90": "626",
}  # fmt: skip
LARGE_COUNTIES = {
    "Winnebago": 8, "Kane": 6, "Kendall": 2, "DeKalb": 2, "Peoria": 6, "McLean": 5, "Tazewell": 4,
    "Sangamon": 9, "Champaign": 8, "Macon": 7, "Madison": 9, "St. Clair": 8, "Rock Island": 5,
    "LaSalle": 4, "Whiteside": 2, "Kankakee": 5, "Jackson": 3, "Williamson": 3, "Adams": 3,
    "Knox": 3, "Coles": 3, "Effingham": 2, "Marion": 2,
}  # fmt: skip

NOTE_TYPES = ("phone", "office visit", "e-mail", "text message", "case review")
BASIC, INDIVIDUAL, EXPERIENCE, LITERACY = "215", "210", "240", "245"
YOUTH_START, YOUTH_EXPERIENCE, MENTORING, GUIDANCE = "401", "425", "430", "435"
TUTORING, ALTERNATIVE, CONCURRENT, LEADERSHIP = "410", "415", "420", "440"
ENTREPRENEURIAL, LABOR_MARKET, TRANSITION = "445", "450", "455"
SUPPORTIVE, FOLLOW_UP, YOUTH_FOLLOW_UP, GAP = "480", "501", "505", "290"
TITLES = {
    "101": "Initial assessment", "102": "Orientation", BASIC: "Job search assistance",
    "204": "Individual employment plan", INDIVIDUAL: "Career counseling",
    "221": "Work readiness workshop", "232": "Case management contact",
    EXPERIENCE: "Work experience or internship", LITERACY: "Financial literacy",
    YOUTH_START: "Objective assessment and service strategy",
    YOUTH_EXPERIENCE: "Youth work experience", MENTORING: "Adult mentoring",
    GUIDANCE: "Guidance and counseling, comprehensive", SUPPORTIVE: "Supportive service",
    TUTORING: "Tutoring and study skills", ALTERNATIVE: "Alternative secondary school",
    CONCURRENT: "Education with workforce preparation", LEADERSHIP: "Leadership development",
    ENTREPRENEURIAL: "Youth entrepreneurial skills", LABOR_MARKET: "Labor market information",
    TRANSITION: "Preparation for postsecondary education",
    FOLLOW_UP: "Follow-up contact", YOUTH_FOLLOW_UP: "Youth follow-up service",
    GAP: "Planned gap in service",
    "301": "On-the-job training", "302": "Skill upgrading", "303": "Entrepreneurial training",
    "304": "Adult education with training", "305": "Customized training",
    "306": "Occupational skills training", "307": "Adult education (TAA)",
    "308": "Prerequisite training", "309": "Registered apprenticeship",
    "310": "Youth occupational skills training", "311": "Other non-occupational training",
    "312": "Job readiness training",
}  # fmt: skip
EXTRA_CONTACTS = ("102", "221", "232")
