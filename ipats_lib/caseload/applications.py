"""Applications that have not led to an entry (domain 5.1; A-04, A-05)."""

from datetime import date

import pandas as pd

APPLICANT, CERTIFIED = "Applicant", "Certified, not enrolled"
COLUMNS = ("customer", "status", "applied", "certified", "row")


def waiting(application: pd.DataFrame, rows: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per application by the as-of date that is neither denied nor followed by an entry.

    Returns `COLUMNS`: status is `APPLICANT` (not certified) or `CERTIFIED`; row is the customer's
    record without an entry, where the extract has one. An entry (900) on or after the day of the
    application answers it, even where its status was left as it was.
    """
    today = pd.Timestamp(as_of)
    table = application[application["applied"] <= today].reset_index(drop=True)
    stage = pd.Series(pd.NA, index=table.index, dtype="object")
    stage[(table["status"] == "applied") & table["certified"].isna()] = APPLICANT
    stage[table["status"] == "certified"] = CERTIFIED
    customer = table["customer"].astype("str")
    entries = rows.loc[rows["900"].notna(), ["100", "900"]]
    newest = entries.groupby(entries["100"].astype("str"))["900"].max()
    entered = newest.reindex(customer).to_numpy() >= table["applied"].to_numpy()
    contacts = rows.loc[rows["900"].isna() & rows["901"].isna(), ["100", "row"]]
    place = contacts.drop_duplicates("100").astype({"100": "str", "row": "Int64"})
    found = table.assign(
        customer=customer,
        status=stage,
        row=place.set_index("100")["row"].reindex(customer).array,
    )
    return found.loc[stage.notna() & ~entered, list(COLUMNS)].reset_index(drop=True)
