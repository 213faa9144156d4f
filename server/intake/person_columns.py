"""The names by which tables call what they say of the person and the place.

In reduced form: no letter case, no spaces or signs. The best name stands first.
"""

from __future__ import annotations

AGE = ("age", "ageapprox", "ageyears", "ageinyears", "patientage", "ageatdiagnosis")
SEX = ("sex", "gender", "patientsex")
BODY_SITE = (
    "localization",
    "localisation",
    "anatomsitegeneral",
    "anatomsitegeneralchallenge",
    "anatomsite",
    "anatomsite1",
    "anatomicalsite",
    "anatomicsite",
    "anatomsitespecial",
    "bodysite",
    "bodypart",
    "location",
    "region",
)
SKIN_TONE = (
    "fitzpatrickskintype",
    "fitzpatrick",
    "fitzpatricktype",
    "fitzpatrickscale",
    "fitspatrick",
    "skintone",
    "skintype",
    "monkskintone",
    "fst",
)
CALLED = {
    "age": "age",
    "sex": "sex",
    "site": "localization",
    "skin_tone": "fitzpatrick_skin_type",
}
"""What a column that was chosen by hand is called from then on: the best name of each."""
PERSON_COLUMNS = frozenset({*AGE, *SEX, *BODY_SITE, *SKIN_TONE})
