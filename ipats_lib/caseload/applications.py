"""Applications that have not led to an entry (domain 5.1; A-04, A-05)."""

from datetime import date

import numpy as np
import pandas as pd

from ipats_lib.params import load_application_words

APPLICANT, CERTIFIED = "Applicant", "Certified, not enrolled"
COLUMNS = ("customer", "status", "applied", "certified", "row")


def waiting(application: pd.DataFrame, rows: pd.DataFrame, as_of: date) -> pd.DataFrame:
    """One row per application by the as-of date that is neither denied nor followed by an entry.

    Returns `COLUMNS`: status is `APPLICANT` (not certified by then) or `CERTIFIED`; row is the
    customer's record without an entry, where the extract has one. The date of certification
    decides, not the status: only those whose status says that nobody waits are left out
    (`params.load_application_words`). An entry (900) on or after the day of the application
    answers it, even where its status was left as it was; of one without a date any entry after
    the certification, or at all.
    """
    today = pd.Timestamp(as_of)
    words = application["status"].astype("str").str.strip().str.casefold()
    done = [word for word, waits in load_application_words().items() if not waits]
    begun = application["applied"].isna() | (application["applied"] <= today)
    table = application[begun & ~words.isin(done)].reset_index(drop=True)
    certified = table["certified"] <= today
    customer = table["customer"].astype("str")
    entries = rows.loc[rows["900"].notna(), ["100", "900"]]
    newest = entries.groupby(entries["100"].astype("str"))["900"].max()
    entry = newest.reindex(customer).to_numpy()
    since = table["applied"].fillna(table["certified"]).fillna(pd.Timestamp(1900, 1, 1))
    entered = entry >= since.to_numpy()
    contacts = rows.loc[rows["900"].isna() & rows["901"].isna(), ["100", "row"]]
    place = contacts.drop_duplicates("100").astype({"100": "str", "row": "Int64"})
    found = table.assign(
        customer=customer,
        status=np.where(certified, CERTIFIED, APPLICANT),
        row=place.set_index("100")["row"].reindex(customer).array,
    )
    return found.loc[~entered, list(COLUMNS)].reset_index(drop=True)
