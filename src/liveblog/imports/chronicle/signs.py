"""Words by which a paragraph shows that it is about a whole period, or that a text ends with it.

In Arabic, English, French, German and Spanish at once, whatever the language of the blog. Every
function examines the beginning of a text only.
"""

from __future__ import annotations

import re

from ...text.tokens import normalize

_HEAD = 240
"""Characters of a paragraph that are examined."""

_ENDINGS = (
    # French
    "rappelons", "pour memoire", "pour rappel", "les prochains jours", "les prochaines semaines",
    "dans les prochains jours", "dans les jours qui viennent", "dans les semaines qui viennent",
    "les jours qui viennent", "les semaines qui viennent", "dans les jours a venir",
    "les jours a venir", "nous continuerons", "nous reviendrons", "nous reprendrons",
    "nous vous tiendrons", "en resume", "en somme", "au total", "pour finir", "retenons",
    # English
    "remember that", "let us remember", "it is worth remembering", "it should be remembered",
    "we recall", "as a reminder", "the coming days", "the coming weeks", "the next few days",
    "the next days", "the days ahead", "the days to come", "in the coming days",
    "in the coming weeks", "in the days ahead", "in the days to come", "over the coming days",
    "over the next few days", "we will continue", "we shall continue", "we will keep",
    "we will return", "we shall return", "we will report", "in summary", "to sum up", "in short",
    "all in all",
    # German
    "erinnern wir", "wir erinnern", "zur erinnerung", "es sei daran erinnert",
    "die nachsten tage", "die kommenden tage", "die nachsten wochen", "die kommenden wochen",
    "in den nachsten tagen", "in den kommenden tagen", "in den kommenden wochen",
    "in den nachsten wochen", "wir berichten weiter", "wir werden weiter", "wir bleiben dran",
    "zusammenfassend", "zusammengefasst", "kurz gesagt", "alles in allem", "insgesamt",
    # Spanish
    "recordemos", "recordamos", "cabe recordar", "conviene recordar", "los proximos dias",
    "las proximas semanas", "los dias venideros", "en los proximos dias",
    "en las proximas semanas", "en los dias venideros", "seguiremos", "continuaremos",
    "volveremos", "en resumen", "en suma", "en total", "para terminar",
    # Arabic
    "نذكر", "ونذكر", "نذكركم", "يذكر ان", "ويذكر ان", "تذكيرا", "للتذكير", "لنتذكر",
    "الايام المقبله", "الايام القادمه", "الاسابيع المقبله", "الاسابيع القادمه",
    "في الايام المقبله", "في الايام القادمه", "خلال الايام المقبله", "خلال الايام القادمه",
    "سنواصل", "وسنواصل", "سنتابع", "سوف نواصل", "باختصار", "اجمالا", "وفي الختام", "في الختام",
)  # fmt: skip

_NUMBERS = {
    "fr": "deux trois quatre cinq six sept huit neuf dix",
    "en": "two three four five six seven eight nine ten",
    "de": "zwei drei vier funf sechs sieben acht neun zehn",
    "es": "dos tres cuatro cinco seis siete ocho nueve diez",
    "ar": "ثلاثه اربعه خمسه سته سبعه ثمانيه تسعه عشره",
}
_SOME = {name: rf"(?:\d+|{words.replace(' ', '|')})" for name, words in _NUMBERS.items()}

_PERIOD = re.compile(
    "|".join(
        (
            # French
            rf"\bces (?:{_SOME['fr']} )?(?:derniers |quelques )?(?:{_SOME['fr']} )?jours\b",
            rf"\b(?:en|pendant|durant) (?:ces |les )?{_SOME['fr']} jours\b",
            r"\bcette semaine\b", r"\bla semaine ecoulee\b", r"\bces derniers evenements\b",
            r"\bles derniers evenements\b", r"\bderniers jours\b",
            # English
            rf"\bth(?:is|e past|e last) week\b|\bthese (?:last |past )?(?:{_SOME['en']} )?days\b",
            rf"\b(?:in|for|over|during|after) (?:the (?:last |past )?)?{_SOME['en']} days\b",
            r"\bthe (?:latest|recent) events\b", r"\bthe (?:last|past) few days\b",
            # German
            rf"\bdiese(?:r|n)? (?:{_SOME['de']} )?(?:letzten )?tagen?\b",
            rf"\bin (?:den )?{_SOME['de']} tagen\b", r"\bdiese(?:r)? woche\b",
            r"\b(?:die|der|den) (?:letzten|vergangenen) tagen?\b",
            r"\bdie (?:jungsten|letzten) ereignisse\b",
            # Spanish
            rf"\best(?:os|as) (?:ultimos )?(?:{_SOME['es']} )?(?:ultimos )?dias\b",
            rf"\ben (?:estos |los )?{_SOME['es']} dias\b", r"\besta semana\b",
            r"\blos ultimos (?:dias|acontecimientos)\b",
            # Arabic
            r"هذه الايام", r"هذا الاسبوع", r"الايام الاخيره", r"الايام الماضيه",
            r"الاحداث الاخيره", rf"(?:خلال|في|طوال) (?:هذه )?(?:ال)?{_SOME['ar']} ايام",
            rf"ال{_SOME['ar']} ايام", rf"الايام ال{_SOME['ar']}",
        )
    )
)  # fmt: skip


_BYLINE = re.compile(
    r"[*_]{0,3}(?:par|by|von|por|بقلم|إعداد):? {1,2}([^\s.:;!?][^.:;!?*_]{2,100})[*_]{0,3}",
    re.IGNORECASE,
)


def byline(line: str) -> tuple[str, ...]:
    """Return the authors that a line names: « Par Jeanne Morel »; none for any other line."""
    found = _BYLINE.fullmatch(line)
    names = [" ".join(name.split()) for name in re.split("[,،]", found[1])] if found else []
    is_names = all(name and name[0].isalpha() and not name[0].islower() for name in names)
    if not is_names or max(map(_count_words, names), default=0) > 6:
        return ()
    return tuple(names) if sum(map(_count_words, names)) > 1 else ()


def _count_words(text: str) -> int:
    return len(text.split())


def begins_like_an_end(text: str) -> bool:
    """Whether a paragraph begins as the end of a text does: « Rappelons … »."""
    head = normalize(text[:_HEAD]).lstrip("*_«“\"'> ")
    return any(
        head.startswith(words) and not head[len(words) : len(words) + 1].isalnum()
        for words in _ENDINGS
    )


def is_about_the_period(text: str) -> bool:
    """Whether the beginning of a paragraph is about several days: « Ces six jours … »."""
    return _PERIOD.search(normalize(text[:_HEAD])) is not None
