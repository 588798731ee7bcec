"""The words for times of day in Arabic, English, French, German and Spanish.

Data for :mod:`.clock`. Phrases are folded when they are read (see :func:`.tokens.normalize`), so
accents, case and vowel marks do not matter.
"""

from __future__ import annotations

from typing import TypeVar

from .tokens import Phrases

_Value = TypeVar("_Value")


def _phrases(*groups: tuple[_Value, str]) -> Phrases[_Value]:
    """Return phrases from texts that separate them with ``|``."""
    return Phrases((phrase, value) for value, text in groups for phrase in text.split("|"))


# -- before a time -----------------------------------------------------------------------------

EXACTLY, ABOUT, HOUR_FOLLOWS, ABOUT_AN_HOUR = "at", "about", "hour", "about an hour"
"""What a word before a time says: the time, roughly the time; after the last two stands an hour,
with or without a word or sign that says so."""

BEFORE = _phrases(
    (EXACTLY, "à|at|um|t|punkt|à exactement|exactly at|genau um|vers les"),
    (HOUR_FOLLOWS, "a las|a la|الساعة|في الساعة|عند الساعة|في تمام الساعة|تمام الساعة|على الساعة"),
    (ABOUT, "vers|environ|à environ|aux environs de|aux alentours de|autour de|peu avant|peu après"
            "|un peu avant|un peu après|juste avant|juste après|avant|après|dès|à partir de"
            "|depuis|jusqu'à|il est|il était"),
    (ABOUT, "around|at around|at about|about|approximately|at approximately|circa|ca|shortly before"
            "|a little before|a little after|shortly after|just before|just after|before|after|by"
            "|from|since|until|towards"),
    (ABOUT, "gegen|etwa|etwa um|ungefähr um|ungefähr|um etwa|um circa|um ca|um rund|rund|kurz vor"
            "|kurz nach|ein wenig vor|ein wenig nach|vor|nach|ab|seit|bis|so gegen|um die"),
    (ABOUT, "hacia|sobre|alrededor de|a eso de|cerca de|poco antes de|poco después de|antes de"
            "|después de|desde|hasta|a partir de"),
    (ABOUT_AN_HOUR, "hacia las|hacia la|sobre las|sobre la|alrededor de las|a eso de las"
                    "|a eso de la|cerca de las|poco antes de las|poco después de las|antes de las"
                    "|un poco antes de las|un poco después de las|después de las|desde las"
                    "|hasta las|a partir de las|pasadas las"),
    (ABOUT_AN_HOUR, "نحو الساعة|حوالي الساعة|حوالى الساعة|في حوالي الساعة|في نحو الساعة"
                    "|قرابة الساعة|زهاء الساعة|في حدود الساعة|قبيل الساعة|بعيد الساعة|قبل الساعة"
                    "|بعد الساعة|منذ الساعة|حتى الساعة|ابتداء من الساعة"),
    (ABOUT, "نحو|حوالي|قرابة|قبيل|بعيد"),
    (ABOUT, "~|≈|±|ca.|env.|env|v.|approx.|aprox."),
)  # fmt: skip

RANGE_BEFORE = _phrases(
    (EXACTLY, "de|entre|between|from|von|zwischen|من|بين|ما بين"),
    (HOUR_FOLLOWS, "entre las|de las|desde las|من الساعة|بين الساعة|ما بين الساعة"),
)  # fmt: skip
"""Words before the first of two times."""

RANGE_BETWEEN = _phrases(
    (True, "-|–|—|à|et|to|and|until|till|bis|und|a las|y las|a|y|hasta las|hasta|إلى|و|حتى"
           "|إلى الساعة|والساعة|حتى الساعة"),
)  # fmt: skip
"""What stands between two times."""

# -- the hour ----------------------------------------------------------------------------------

HOURS = _phrases((True, "h|hr|hrs|hs|heure|heures|hours|uhr|o'clock|horas|hora"))
MINUTES = _phrases((True, "min|mn|minutes|minuten|minutos"))

HOUR_WORDS = _phrases(
    *((hour, words) for hour, words in enumerate((
        "zéro|zero|null|cero",
        "une|one|eins|ein|una|الواحدة", "deux|two|zwei|dos|الثانية",
        "trois|three|drei|tres|الثالثة",
        "quatre|four|vier|cuatro|الرابعة", "cinq|five|fünf|cinco|الخامسة",
        "six|sechs|seis|السادسة", "sept|seven|sieben|siete|السابعة",
        "huit|eight|acht|ocho|الثامنة", "neuf|nine|neun|nueve|التاسعة",
        "dix|ten|zehn|diez|العاشرة", "onze|eleven|elf|once|الحادية عشرة|الحادية عشر",
        "douze|twelve|zwölf|doce|الثانية عشرة|الثانية عشر", "treize|dreizehn|trece",
        "quatorze|vierzehn|catorce", "quinze|fünfzehn|quince", "seize|sechzehn|dieciséis",
        "dix-sept|siebzehn|diecisiete", "dix-huit|achtzehn|dieciocho",
        "dix-neuf|neunzehn|diecinueve",
        "vingt|zwanzig|veinte", "vingt et une|vingt-et-une|einundzwanzig|veintiuna",
        "vingt-deux|zweiundzwanzig|veintidós", "vingt-trois|dreiundzwanzig|veintitrés",
        "vingt-quatre|vierundzwanzig|veinticuatro",
    ))),
)  # fmt: skip

TO_HOUR = _phrases(
    (30, "half past"), (-30, "halb"), (15, "quarter past|a quarter past|viertel nach"),
    (-15, "quarter to|a quarter to|viertel vor|dreiviertel"),
)  # fmt: skip
"""Minutes that a phrase before an hour adds to it."""

FROM_HOUR = _phrases(
    (30, "et demie|et demi|y media|والنصف|ونصف"), (15, "et quart|y cuarto|والربع|وربع"),
    (-15, "moins le quart|moins quart|menos cuarto|إلا ربعا|إلا ربع|إلا الربع"),
    (20, "والثلث|وثلث"), (0, "précises|pile|sharp|en punto|تماما"),
)  # fmt: skip
"""Minutes that a phrase after an hour adds to it."""

ABOUT_AFTER = _phrases((True, "environ|à peu près|or so|ungefähr|aproximadamente|تقريبا"))
"""Words after an hour that make it vague."""

HALVES = _phrases(
    ("am", "am|a.m.|a.m|ص"), ("pm", "pm|p.m.|p.m|م"),
    ("morning", "du matin|in the morning|morgens|vormittags|früh|am morgen|am vormittag"
                "|de la mañana|de la madrugada|صباحا|فجرا|من الصباح|من صباح اليوم"),
    ("noon", "ظهرا|mittags|del mediodía|noon|midday"),
    ("evening", "de l'après-midi|du soir|in the afternoon|in the evening|nachmittags|abends"
                "|am nachmittag|am abend|de la tarde|مساء|عصرا|بعد الظهر|من المساء|من مساء اليوم"),
    ("night", "at night|nachts|in der nacht|de la noche|ليلا|de la nuit|midnight"),
)  # fmt: skip
"""The half of the day, or its part, after an hour."""

# -- the zone ----------------------------------------------------------------------------------

LOCAL = _phrases(
    (True, "heure locale|heures locales|locale|locales|local time|local|ortszeit|hora local"
           "|بالتوقيت المحلي|التوقيت المحلي|توقيت محلي"),
)  # fmt: skip
UTC_NAMES = _phrases((True, "gmt|utc|tu|z|heure gmt|temps universel|بتوقيت غرينتش|توقيت غرينتش"))
ZONE_OF = _phrases((True, "heure de|heure d'|hora de|بتوقيت|توقيت"))
"""Words before a city or country whose time it is."""

# -- times without a number ---------------------------------------------------------------------

POINTS = _phrases(
    (12.0, "midi|noon|midday|mittag|mittags|mediodía|الظهر|ظهرا|منتصف النهار|الظهيرة"),
    (0.0, "minuit|midnight|mitternacht|medianoche|منتصف الليل"),
)  # fmt: skip
"""Hours that are named."""

PARTS = _phrases(
    ((1.0, 3.0, 5.0), "nuit|night|overnight|nacht|nachts|noche|madrugada|ليلا|ليل|الليل|الليلة|ليلة"
                      "|ليلة أمس|early hours|small hours|early morning hours|frühen morgenstunden"),
    ((5.0, 5.5, 6.0), "aube|aurore|dawn|daybreak|sunrise|morgengrauen|tagesanbruch|sonnenaufgang"
                      "|amanecer|alba|فجرا|الفجر|فجر|فجر اليوم|شروق الشمس|petit matin|petit jour"),
    ((7.0, 9.0, 11.0), "matin|matinée|morning|morgen|morgens|vormittag|vormittags|früh|mañana"
                       "|صباحا|الصباح|صباح|صباح اليوم|قبل الظهر|frühmorgens"),
    ((11.5, 12.5, 13.5), "milieu de journée|mi-journée|lunchtime|mittagszeit"),
    ((13.5, 15.0, 17.0), "après-midi|afternoon|nachmittag|nachmittags|tarde|عصرا|العصر|بعد الظهر"),
    ((17.0, 18.0, 18.5), "fin de journée|end of the day"),
    ((19.0, 20.0, 21.0), "crépuscule|dusk|sunset|dämmerung|abenddämmerung|anochecer|atardecer"
                         "|غروب الشمس|الغروب|tombée de la nuit|nightfall"),
    ((19.0, 20.0, 22.5), "soir|soirée|evening|tonight|abend|abends|مساء|المساء"
                         "|مساء اليوم|spätabends"),
)  # fmt: skip
"""Parts of the day: the hour at which an update of an early, unspecified or late part stands."""

MODIFIERS = _phrases(
    (0, "début de|début d'|tôt|tôt dans|early|early in|frühen|früher|primera|primeras"
        "|primera hora de|أول|بداية|مطلع"),
    (1, "milieu de|milieu d'|mid-|mid|media|pleine|plein|middle of"),
    (2, "fin de|fin d'|late|late in|tard|späten|spät|spät am|última|últimas|última hora de|آخر"
        "|أواخر|نهاية"),
)  # fmt: skip
"""What makes a part of the day early (0) or late (2)."""

ADVERBS = frozenset(
    (
        "overnight", "tonight", "nachts", "morgens", "vormittags", "nachmittags", "abends",
        "mittags", "fruhmorgens", "spatabends", "ليلا", "فجرا", "صباحا", "عصرا", "مساء", "ظهرا",
    )
)  # fmt: skip
"""Parts of the day, folded, that need no word before them in a sentence."""

ARTICLES = frozenset(
    ("la", "le", "l", "les", "'", "the", "der", "die", "das", "den", "dem", "el", "un", "une")
)
LEADS = ARTICLES | frozenset(
    (
        "a", "au", "aux", "dans", "de", "d", "du", "pendant", "durant", "cours", "en", "ce", "cet",
        "cette", "vers", "des", "in", "at", "on", "during", "by", "this", "of", "around", "towards",
        "am", "im", "um", "zu", "zum", "zur", "bei", "gegen", "heute", "diesem", "diesen", "dieser",
        "wahrend", "al", "del", "por", "durante", "esta", "este", "hacia", "sobre", "في", "عند",
        "خلال", "هذا", "هذه", "مع", "من", "حوالي", "نحو", "قرابه",
    )
)  # fmt: skip
"""Words, folded, that may stand before a named time; articles alone do not make it an adverb."""

DURATION = frozenset(
    (
        "de", "d", "du", "des", "plus", "apres", "avant", "sur", "durant", "pendant", "of", "later",
        "after", "before", "ago", "long", "drive", "spater", "danach", "nach", "vor", "lang", "mas",
        "despues", "antes", "del", "من", "بعد", "قبل", "par", "per", "pro", "por", "vom", "zum",
        "auf", "meme", "au", "al", "to", "bis", "y", "et", "and", "und",
    )
)  # fmt: skip
"""Words, folded, after which a time is a span of time, or the beginning of one."""
