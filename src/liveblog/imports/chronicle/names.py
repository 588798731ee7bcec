"""The words that dates are written with, in every language at once."""

from __future__ import annotations

from functools import lru_cache

from ...config.checks import LANGUAGES
from ...text.dates import month_and_weekday_names
from ...text.tokens import Phrases

ARTICLES = frozenset(["le", "el", "am", "der", "den", "dem", "on", "the", "يوم", "في"])

ROMAN = {
    "I": 1, "II": 2, "III": 3, "IV": 4, "V": 5, "VI": 6, "VII": 7, "VIII": 8, "IX": 9, "X": 10,
    "XI": 11, "XII": 12,
}  # fmt: skip
"""Months as Roman numerals, in capitals: "27.IX.2012"."""

_EXTRA_MONTHS = {"fev": 2, "juill": 7, "setiembre": 9, "set": 9}
_EXTRA_WEEKDAYS = {"tues": 1, "weds": 2, "thur": 3, "thurs": 3, "sonnabend": 5, "mier": 2}


@lru_cache(maxsize=1)
def vocabulary() -> tuple[dict[str, int], dict[str, int]]:
    """Return the names of months and of weekdays in every language."""
    months, weekdays = dict(_EXTRA_MONTHS), dict(_EXTRA_WEEKDAYS)
    for language in LANGUAGES:
        of_months, of_weekdays = month_and_weekday_names(language)
        months |= of_months
        weekdays |= of_weekdays
    return months, weekdays


@lru_cache(maxsize=1)
def first_words() -> frozenset[str]:
    """Return the words that a date can begin with."""
    months, weekdays = vocabulary()
    return ARTICLES | {name.partition(" ")[0] for name in (*months, *weekdays)}


SPELLED_DAYS = Phrases(
    (phrase, number)
    for names in (
        "deux trois quatre cinq six sept huit neuf dix onze douze treize quatorze quinze seize "
        "dix-sept dix-huit dix-neuf vingt vingt-et-un vingt-deux vingt-trois vingt-quatre "
        "vingt-cinq vingt-six vingt-sept vingt-huit vingt-neuf trente trente-et-un",
        "dos tres cuatro cinco seis siete ocho nueve diez once doce trece catorce quince "
        "dieciséis diecisiete dieciocho diecinueve veinte veintiuno veintidós veintitrés "
        "veinticuatro veinticinco veintiséis veintisiete veintiocho veintinueve treinta",
        "zweiten dritten vierten fünften sechsten siebten achten neunten zehnten elften zwölften "
        "dreizehnten vierzehnten fünfzehnten sechzehnten siebzehnten achtzehnten neunzehnten "
        "zwanzigsten einundzwanzigsten zweiundzwanzigsten dreiundzwanzigsten "
        "vierundzwanzigsten fünfundzwanzigsten sechsundzwanzigsten siebenundzwanzigsten "
        "achtundzwanzigsten neunundzwanzigsten dreißigsten einunddreißigsten",
        "second third fourth fifth sixth seventh eighth ninth tenth eleventh twelfth thirteenth "
        "fourteenth fifteenth sixteenth seventeenth eighteenth nineteenth twentieth twenty-first "
        "twenty-second twenty-third twenty-fourth twenty-fifth twenty-sixth twenty-seventh "
        "twenty-eighth twenty-ninth thirtieth thirty-first",
    )
    for number, name in enumerate(names.split(), 2)
    for phrase in dict.fromkeys((name, name.replace("-et-", " et ")))
)
"""Numbers of days in words, from the second on: « le vingt-sept », "am dritten"."""
