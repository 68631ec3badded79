"""What one more success adds to the figures of each LWIA, as its readers may know them."""

import pandas as pd


def effects(areas: pd.DataFrame, window: str) -> pd.DataFrame:
    """lwia, program, measure and one_more: percent of the level that one more success adds.

    areas: the frame `areas` in the edition *released*, so that no withheld count can be worked out
    from an effect. window: the main report's; a median has no such number.
    """
    lwias = (areas["area_type"] == "lwia") & (areas["back"] == 0)
    main = areas[lwias & (areas["window"] == window)]
    known = main[(main["denominator"] > 0) & (main["level"] > 0) & (main["measure"] != "ME")]
    one_more = 100 / known["denominator"].astype("float64") / known["level"]
    found = known[["area", "program", "measure"]].astype("object").rename(columns={"area": "lwia"})
    return found.assign(one_more=one_more).reset_index(drop=True)
