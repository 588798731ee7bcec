"""Pages of several articles: what becomes of their titles, texts, days and closes."""

from __future__ import annotations

import re
from collections.abc import Callable, Sequence
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from zoneinfo import ZoneInfo

import pytest
from hypothesis import given
from hypothesis import strategies as st

from liveblog.imports import ChapterItem, FramingItem, Item, Problem, Update
from liveblog.imports.chronicle import chronicle
from liveblog.imports.chronicle.lines import lines_of
from liveblog.model.moment import Moment
from liveblog.text.locale import Words

from ..conftest import tries

FOLDER = Path(__file__).parent / "pages"
PARIS = ZoneInfo("Europe/Paris")
TODAY = date(2026, 3, 1)


def read(text: str, **options: object) -> list[Item]:
    """Read a page: in French and in Paris by default."""
    given: dict[str, object] = {"zone": PARIS, "language": "fr", "today": TODAY}
    return list(chronicle(lambda: text.splitlines(), **(given | options)))  # type: ignore[arg-type]


def outline(items: Sequence[Item]) -> list[str]:
    """Return the structure that was found, a line for each article, day and chapter."""
    lines = []
    for item in items:
        match item:
            case Update(key=key, versions=(version,)) if version.title:
                lines.append(f"article {key[:10]} {version.title}")
            case Update(key=key):
                lines.append(f"day {key[:10]}")
            case ChapterItem():
                lines.append(f"chapter {item.period} {item.title}")
    return lines


def chapters(items: Sequence[Item]) -> list[ChapterItem]:
    """Return the chapters of a page."""
    return [item for item in items if isinstance(item, ChapterItem)]


def problems(items: Sequence[Item]) -> list[tuple[str, str]]:
    """Return where each problem lies, and what it is."""
    return [(i.where, i.what) for i in items if isinstance(i, Problem)]


def bodies(items: Sequence[Item]) -> list[str]:
    """Return the text of each update."""
    return [i.versions[0].body or "" for i in items if isinstance(i, Update)]


# -- pages of three articles, in each language -----------------------------------------------------

OUTLINES = {
    "fr": [
        "article 2013-11-13 Le pont tournant rouvre à la circulation",
        "article 2013-11-11 Les pêcheurs demandent une indemnité",
        *(f"day 2013-11-0{day}" for day in range(3, 9)),
        "chapter 2013-11-03..2013-11-08 La tempête, jour après jour",
    ],
    "en": [
        *(f"day 2013-06-0{day}" for day in range(2, 8)),
        "chapter 2013-06-02..2013-06-07 Six days of high water",
        "article 2013-06-12 The mill sells its wheel",
        "article 2013-06-10 A new gauge for the river",
    ],
    "de": [
        *(f"day 2014-02-{day}" for day in range(10, 14)),
        "chapter 2014-02-10..2014-02-13 Der Streik im Hafen: vier Tage",
        "article 2014-02-18 Die Lotsen bekommen ein neues Boot",
        "article 2014-02-15 Ein Kran wird verkauft",
    ],
    "es": [
        "article 2014-03-20 El faro vuelve a encenderse",
        "article 2014-03-18 La cofradía reparte las redes",
        *(f"day 2014-03-{day:02}" for day in range(9, 14)),
        "chapter 2014-03-09..2014-03-13 Cinco días de temporal",
    ],
    "ar": [
        "article 2012-11-14 عودة العبّارة إلى العمل",
        "article 2012-11-12 السوق القديم يفتح أبوابه",
        *(f"day 2012-11-0{day}" for day in range(4, 9)),
        "chapter 2012-11-04..2012-11-08 السيول: خمسة أيام في المدينة",
    ],
}
CLOSES = {
    "fr": ("Les prochains jours diront", "remonte à 1987."),
    "en": ("The coming days will show", "the flood of 1973."),
    "de": ("Gewonnen hat noch niemand.", "beginnt im März."),
    "es": ("La reparación del rompeolas", "hace solo tres años."),
    "ar": ("الأيام المقبلة", "قبل ثلاثين عامًا."),
}
INTRODUCTIONS = {
    "fr": ("Six jours ont suffi", "nous le signalons."),
    "en": ("This week the river came", "as we wrote it."),
    "de": ("In vier Tagen", "an jedem Tag geschah."),
    "es": ("Estos cinco días", "en cada uno."),
    "ar": ("خلال هذه الأيام الخمسة", "يومًا بعد يوم."),
}


@pytest.mark.parametrize("language", list(OUTLINES))
def test_a_page_of_three_articles(language: str) -> None:
    """Two articles and a chapter over its days, in the order of the page, whatever its form."""
    path = FOLDER / f"{language}.txt"
    items = list(chronicle(lines_of(path), zone=PARIS, language=language, today=TODAY))
    assert outline(items) == OUTLINES[language]
    (chapter,) = chapters(items)
    for text, (first, last) in (
        (chapter.introduction, INTRODUCTIONS[language]),
        (chapter.close, CLOSES[language]),
    ):
        assert text.startswith(first)
        assert text.endswith(last)
    # The pictures that are missing are told, and nothing else is doubtful.
    pictures = [n for n, line in enumerate(path.read_text("utf-8").splitlines(), 1)
                if re.fullmatch(r"Image|\[Photo\]|Bild|Imagen|صورة", line)]  # fmt: skip
    assert [where for where, _ in problems(items)] == [f"line {number}" for number in pictures]


@pytest.mark.parametrize("language", list(OUTLINES))
def test_every_paragraph_of_a_page_is_somewhere_once(language: str) -> None:
    """Titles, texts, days, introduction and close; but neither placeholders nor marks."""
    path = FOLDER / f"{language}.txt"
    items = list(chronicle(lines_of(path), zone=PARIS, language=language, today=TODAY))
    found = everything(items)
    for line in path.read_text("utf-8").splitlines():
        bare = line.lstrip("# ").rstrip(".۔")
        text = re.sub(r"^[^:]{3,15} \d{1,2}[^:]{0,25}: ", "", bare)
        is_mark = re.fullmatch(
            r"|Image|\[Photo\]|Bild|Imagen|صورة|Fazit|\*\*\*|By Ellen Marsh|\w+, \d+\. Februar.*",
            text,
        )
        if not is_mark:
            assert found.count(text) == 1, text


def everything(items: Sequence[Item]) -> str:
    """Return all texts that the items hold."""
    parts: list[str] = []
    for item in items:
        match item:
            case Update(versions=(version,)):
                parts += [version.title or "", version.body or ""]
            case FramingItem():
                parts += [item.headline, item.introduction, item.close]
            case ChapterItem():
                parts += [item.title, item.introduction, item.close]
    return "\n".join(parts)


def test_no_time_is_invented() -> None:
    """Articles and days are of the precision day; what follows a time stands after it."""
    page = (
        "La semaine du port\n\nLe récit.\n\nDimanche 15 juillet 2012 : Le vent se lève.\n\n"
        "8 h 20 : La passe ferme.\n\nLundi 16 juillet : La grue tombe.\n\n"
        "Dimanche 15 juillet 2012 : Plus tard, le port ferme.\n\n"
        "Le musée du port\n\nImage\n\nDimanche 15 juillet 2012, le musée ouvre.\n"
    )
    updates = [i for i in read(page) if isinstance(i, Update)]
    moments = {i.versions[0].body or "": i.versions[0].published for i in updates}
    start = datetime(2012, 7, 14, 22, tzinfo=UTC)
    at = start + timedelta(hours=8, minutes=20)
    assert moments == {
        "Le vent se lève.": Moment(start, "day"),
        "La passe ferme.": Moment(at),
        "La grue tombe.": Moment(start + timedelta(days=1), "day"),
        "Plus tard, le port ferme.": Moment(
            at + timedelta(microseconds=1), "day", day=date(2012, 7, 15)
        ),
        "Dimanche 15 juillet 2012, le musée ouvre.": Moment(start, "day"),
    }


# -- titles ----------------------------------------------------------------------------------------


@pytest.mark.parametrize(
    "title", ["Le port est fermé", "Le port est fermé.", "# Le port est fermé"]
)
@pytest.mark.parametrize(
    "between", ["\n", "\n\n", "\n\nImage\n\n", "\nImage\n", "\nPar Jean Le Goff\n\n"]
)
@pytest.mark.parametrize(
    "text",
    [
        "Mercredi 25 juillet 2012, la ligue porte plainte.",
        "Le mercredi 25 juillet 2012, la ligue porte plainte.",
        "Ce mercredi 25 juillet 2012, la ligue porte plainte.",
        "25 juillet 2012, la ligue porte plainte.",
        "Mercredi 25 juillet 2012 : La ligue porte plainte.",
        "On Wednesday, July 25, 2012, the league sues.",
        "Am Mittwoch, dem 25. Juli 2012, klagt der Verband.",
        "El miércoles 25 de julio de 2012, la liga denuncia.",
        "يوم الأربعاء 25 يوليو 2012، رفعت الرابطة دعوى.",
    ],
)
def test_a_title_above_a_dated_text_is_an_article(title: str, between: str, text: str) -> None:
    """With or without a full stop, an empty line, a picture or an author between."""
    for page in (f"{title}{between}{text}", f"{title}{between}{text}\n\nLa suite.\n"):
        items = read(page)
        assert outline(items) == ["article 2012-07-25 Le port est fermé"]
        assert bodies(items)[0].startswith(text.rpartition(" : ")[2])
        assert len(problems(items)) == ("Image" in between)


def test_a_full_stop_may_end_each_title_of_a_page() -> None:
    """As the first one shows; elsewhere a short sentence above a date stays text, and is told."""
    page = (
        "Le port ferme{}\n\nMercredi 25 juillet 2012, la ligue porte plainte.\n\nElle attend.\n\n"
        "Le quai s'affaisse.\n\nDimanche 22 juillet, le quai s'est fendu.\n"
    )
    assert outline(read(page.format("."))) == [
        "article 2012-07-25 Le port ferme",
        "article 2012-07-22 Le quai s'affaisse",
    ]
    doubtful = read(page.format(""))
    assert outline(doubtful) == ["article 2012-07-25 Le port ferme"]
    ((where, what),) = problems(doubtful)
    assert (where, "may head a day or begin a sentence" in what) == ("line 9", True)
    # The advice can be followed.
    assert "'# ' before its title" in next(i.hint for i in doubtful if isinstance(i, Problem))
    mended = page.format("").replace("Le quai s'aff", "# Le quai s'aff")
    assert outline(read(mended)) == outline(read(page.format(".")))


def test_a_sub_heading_of_a_day_is_no_title() -> None:
    """Where the days go on, and a date below it is that of the day."""
    page = (
        "La semaine du port, racontée\n\nLe récit d'un été.\n\n"
        "Dimanche 15 juillet 2012 : Le vent se lève.\n\nRéactions\n\nLe maire se tait.\n\n"
        "Lundi 16 juillet : La grue tombe.\n\nLe bilan\n\n"
        "Lundi 16 juillet, on compte deux blessés.\n\n"
        "Mardi 17 juillet : Le vent tombe.\n"
    )
    items = read(page)
    assert outline(items) == [
        "day 2012-07-15",
        "day 2012-07-16",
        "day 2012-07-17",
        "chapter 2012-07-15..2012-07-17 La semaine du port, racontée",
    ]
    assert "Réactions" in bodies(items)[0]
    assert "Le bilan" in bodies(items)[1]


@pytest.mark.parametrize(
    "above",
    [
        "Le quai\n\nJeudi 12 juillet 2012, le quai ferme.",
        "Le quai du nord est fermé\n\nJeudi 12 juillet 2012 : Le quai ferme.",
    ],
)
@pytest.mark.parametrize("lead", ["", "Image\n\n", "Le récit de ces trois jours.\n\n"])
def test_a_chronicle_after_an_article(above: str, lead: str) -> None:
    """Its title ends the article, with or without a picture or an introduction."""
    page = (
        f"{above}\n\nLes grues sont à l'arrêt.\n\nTrois jours de tempête\n\n{lead}"
        "Dimanche 15 juillet : Le vent se lève.\n\nLundi 16 juillet : La grue tombe.\n"
    )
    items = read(page)
    assert outline(items) == [
        f"article 2012-07-12 {above.partition(chr(10))[0]}",
        "day 2012-07-15",
        "day 2012-07-16",
        "chapter 2012-07-15..2012-07-16 Trois jours de tempête",
    ]
    assert bodies(items)[0].endswith("Les grues sont à l'arrêt.")


@pytest.mark.parametrize(
    ("title", "expected"),
    [
        ("Du 15 au 17 juillet 2012 : La tempête", "La tempête"),
        ("# Du 15 au 17 juillet 2012 : La tempête", "La tempête"),
        ("Du 15 au 17 juillet 2012 : la tempête", "Du 15 au 17 juillet 2012 : la tempête"),
        ("Semaine du 15 au 17 juillet 2012", "Semaine du 15 au 17 juillet 2012"),
        ("15–17 July 2012: The storm", "The storm"),
        ("Vom 15. bis 17. Juli 2012: Der Sturm", "Der Sturm"),
        ("Del 15 al 17 de julio de 2012: El temporal", "El temporal"),
        ("من 15 إلى 17 يوليو 2012: العاصفة", "العاصفة"),
    ],
)
@pytest.mark.parametrize("above", ["", "Le quai\n\nLe 25 juillet 2012, il ferme.\n\n"])
def test_a_title_may_name_the_days(title: str, expected: str, above: str) -> None:
    """It is no heading of several days, because the first of them has a heading below it."""
    page = (
        f"{above}{title}\n\nLe récit.\n\n"
        "Dimanche 15 juillet : Le vent se lève.\n\nMardi 17 juillet : La grue tombe.\n"
    )
    items = read(page)
    (chapter,) = chapters(items)
    assert (chapter.title, chapter.introduction) == (expected, "Le récit.")
    assert chapter.period == "2012-07-15..2012-07-17"
    assert problems(items) == []


def test_a_chronicle_without_empty_lines() -> None:
    """No line of a day is taken for the title of the next."""
    page = (
        "La semaine du port\nDimanche 15 juillet 2012 : Le vent se lève, et ne faiblit pas avant "
        "que la nuit tombe sur le port et sur la ville.\nLe port est fermé.\n"
        "Lundi 16 juillet : La grue tombe.\nTrois blessés\nMardi 17 juillet : Le vent tombe.\n"
    )
    items = read(page)
    assert outline(items) == [
        "day 2012-07-15",
        "day 2012-07-16",
        "day 2012-07-17",
        "chapter 2012-07-15..2012-07-17 La semaine du port",
    ]


def test_a_heading_of_several_days_within_a_run_is_no_title() -> None:
    """Its text is an update of the first of them, and is not filed under the day before."""
    page = (
        "La semaine du port\n\nLe récit.\n\nJeudi 26 juillet 2012 : Le vent se lève.\n\n"
        "Du 27 au 29 juillet : Trois nuits\n\nLe vent souffle.\n\n"
        "Samedi 28 juillet : La grue tombe.\n"
    )
    items = read(page)
    assert bodies(items) == ["Le vent se lève.", "Le vent souffle.", "La grue tombe."]
    keys = [i.key[:10] for i in items if isinstance(i, Update)]
    assert keys == ["2012-07-26", "2012-07-27", "2012-07-28"]


def test_an_introduction_may_begin_with_the_first_day() -> None:
    """It is no article: the days that follow have no other title."""
    page = (
        "La tempête\n\nDimanche 15 juillet 2012, le port a fermé. Voici le récit.\n\n"
        "Dimanche 15 juillet : Le vent se lève.\n\nLundi 16 juillet : La grue tombe.\n"
    )
    items = read(page)
    (chapter,) = chapters(items)
    assert chapter.introduction == "Dimanche 15 juillet 2012, le port a fermé. Voici le récit."
    assert bodies(items) == ["Le vent se lève.", "La grue tombe."]


def test_a_dated_sentence_above_dated_lines_stays_whole() -> None:
    """An article that lists days becomes a chapter, and no word of it is lost."""
    page = (
        "La liste des bateaux perdus\n\nLe mercredi 25 juillet 2012, la ligue publie la liste.\n\n"
        "Dimanche 15 juillet 2012 : L'Étoile.\n\nLundi 16 juillet : La Marie.\n"
    )
    assert bodies(read(page)) == [
        "Le mercredi 25 juillet 2012, la ligue publie la liste.",
        "L'Étoile.",
        "La Marie.",
    ]


def test_a_line_that_only_dates_an_article_is_no_text() -> None:
    """As blogs print it below the title."""
    for dateline in ("Publié le mercredi 25 juillet 2012", "*25/07/2012*", "25 juillet 2012"):
        items = read(f"Le port ferme\n{dateline}\n\nLa ligue porte plainte.\n")
        assert outline(items) == ["article 2012-07-25 Le port ferme"]
        assert bodies(items) == ["La ligue porte plainte."]


def test_days_that_are_sentences_stay_whole() -> None:
    """A chronicle may name each day within a sentence."""
    items = read("Dimanche 15 juillet 2012, le port ferme.\n\nLundi 16 juillet, il rouvre.\n")
    assert outline(items) == ["day 2012-07-15", "day 2012-07-16"]
    assert bodies(items) == [
        "Dimanche 15 juillet 2012, le port ferme.",
        "Lundi 16 juillet, il rouvre.",
    ]


def test_an_article_without_a_date_is_told() -> None:
    """Its title stands in the close of the chronicle before it."""
    items = read(RUN.format("Conclusion\n\nC'est fini.\n\nLe musée du port\n\nIl ouvre bientôt."))
    (chapter,) = chapters(items)
    assert chapter.close == "C'est fini.\n\nLe musée du port\n\nIl ouvre bientôt."
    ((where, what),) = problems(items)
    assert where == "line 17"
    assert "may be the title of an article without a date" in what


def test_two_chronicles_are_two_chapters() -> None:
    """Unmixed, also where both tell of the same days; their updates carry the chapter's title."""
    page = (
        "La tempête au nord\n\nCe que nous avons vu au nord.\n\n"
        "Dimanche 15 juillet 2012 : Nord un.\n\nLundi 16 juillet : Nord deux.\n\n"
        "Conclusion\n\nLe nord est calme.\n\n"
        "La tempête au sud\n\nCe que nous avons vu au sud.\n\n"
        "Lundi 16 juillet 2012 : Sud un.\n\nMardi 17 juillet : Sud deux.\n\n"
        "Rappelons que le sud est plus exposé.\n"
    )
    items = read(page)
    north, south = chapters(items)
    assert (north.introduction, north.close) == (
        "Ce que nous avons vu au nord.",
        "Le nord est calme.",
    )
    assert south.introduction == "Ce que nous avons vu au sud."
    assert south.close == "Rappelons que le sud est plus exposé."
    assert (north.period, south.period) == ("2012-07-15..2012-07-16", "2012-07-16..2012-07-17")
    assert (north.tags, south.tags) == (("La tempête au nord",), ("La tempête au sud",))
    tags = [i.versions[0].tags for i in items if isinstance(i, Update)]
    assert tags == [north.tags, north.tags, south.tags, south.tags]


def test_a_later_week_is_another_chapter() -> None:
    """A title and an introduction, where the days do not follow each other."""
    page = (
        "La grève à la raffinerie\n\nUne semaine de grève.\n\n"
        "Lundi 2 juillet 2012 : Un.\n\nMardi 3 juillet : Deux.\n\nMercredi 4 juillet : Trois.\n\n"
        "La reprise du travail, jour par jour\n\nImage\n\nLa semaine suivante.\n\n"
        "Lundi 9 juillet : Quatre.\n\nMardi 10 juillet : Cinq.\n"
    )
    first, second = chapters(read(page))
    assert (first.title, second.title) == (
        "La grève à la raffinerie",
        "La reprise du travail, jour par jour",
    )
    assert (first.period, second.period) == ("2012-07-02..2012-07-04", "2012-07-09..2012-07-10")


# -- where the close begins ------------------------------------------------------------------------

RUN = (
    "La tempête : trois jours\n\nLe récit.\n\nDimanche 15 juillet 2012 : Un.\n\nEncore un.\n\n"
    "Lundi 16 juillet : Deux.\n\nMardi 17 juillet : Trois.\n\n{}"
)


@pytest.mark.parametrize(
    ("end", "close"),
    [
        ("Encore trois.\n\nRappelons que tout a commencé en mars.", "Rappelons que"),
        ("Encore trois.\n\nLes prochains jours seront calmes.", "Les prochains jours"),
        ("Encore trois.\n\nNous continuerons à vous informer.", "Nous continuerons"),
        ("Encore trois.\n\nTrois morts : ces trois jours ont été durs.", "Trois morts"),
        ("Encore trois.\n\n***\n\nLe port est calme.", "Le port est calme."),
        ("Encore trois.\n\n\nLe port est calme.", "Le port est calme."),
        ("Encore trois.\n\nConclusion\n\nLe port est calme.", "Le port est calme."),
        ("Encore trois.\n\nFazit: Der Hafen ist ruhig.", "Der Hafen ist ruhig."),
        ("Encore trois.\n\nThe coming days will tell.", "The coming days"),
        ("Encore trois.\n\nIn den kommenden Tagen wird geprüft.", "In den kommenden"),
        ("Encore trois.\n\nRecordemos que empezó en marzo.", "Recordemos"),
        ("Encore trois.\n\nوسنواصل المتابعة.", "وسنواصل"),
        ("Encore trois.\n\nLe port est calme.", ""),
    ],
)
def test_where_the_close_begins(end: str, close: str) -> None:
    """At a mark, a rule, an additional blank line, or words with which texts end."""
    items = read(RUN.format(end))
    (chapter,) = chapters(items)
    assert chapter.close.startswith(close)
    assert bool(chapter.close) == bool(close)
    assert bodies(items)[-1].startswith("Trois.\n\nEncore trois.")
    # A close that no mark shows has a reason, and so has one that may be missing.
    is_marked = "Conclusion" in end or "Fazit" in end
    assert bool(chapter.close_reason) == (not is_marked)


def test_a_second_paragraph_where_each_day_has_one_is_the_close() -> None:
    """It is the shape of such texts; told, too."""
    (chapter,) = chapters(read(RUN.replace("Encore un.\n\n", "").format("Le port est calme.")))
    assert (chapter.close, chapter.close_reason) == (
        "Le port est calme.",
        "each earlier day has one paragraph",
    )


def test_the_close_is_asked_for() -> None:
    """With the paragraphs that it can begin with."""
    asked: list[tuple[str, Sequence[str]]] = []

    def ask(question: str, choices: Sequence[str]) -> str:
        asked.append((question, choices))
        return choices[-1]

    (chapter,) = chapters(read(RUN.format("Encore trois.\n\nLe port est calme."), ask=ask))
    ((question, choices),) = asked
    assert "Where does the close of 'La tempête : trois jours' begin?" in question
    assert [choice.partition(":")[2].strip() for choice in choices[1:]] == [
        "Encore trois.",
        "Le port est calme.",
    ]
    assert chapter.close == "Le port est calme."
    assert not chapter.close_reason


def test_text_above_the_first_title_is_told() -> None:
    """It belongs to no article."""
    items = read(
        "Un mot de la rédaction, pour commencer.\n\nLe port\n\nMercredi 25 juillet 2012, non."
    )
    assert problems(items)[0][0] == "line 1"
    assert outline(items) == ["article 2012-07-25 Le port"]


# -- the advice of the report ----------------------------------------------------------------------

TWO_DAYS = "Titre\n\nRécit.\n\nDimanche 15 juillet 2012 : Un.\n\n{}\n\nMardi 17 juillet : Trois.\n"

ADVICE = [
    (
        TWO_DAYS.format("Le bilan de la journée\n\nImage\n\nTrois blessés."),
        "is read as a title",
        lambda text: text.replace("Le bilan", "### Le bilan"),
        ["day 2012-07-15", "day 2012-07-17", "chapter 2012-07-15..2012-07-17 Titre"],
    ),
    (
        "## Titre\n\nRécit.\n\n### Dimanche 15 juillet 2012\n\nUn.\n\n"
        "**Le bilan de la journée**\n\nImage\n\nTrois blessés.\n\n### Lundi 16 juillet\n\nDeux.\n",
        "put '#### ' before it",
        lambda text: text.replace("**Le bilan de la journée**", "#### Le bilan de la journée"),
        ["day 2012-07-15", "day 2012-07-16", "chapter 2012-07-15..2012-07-16 Titre"],
    ),
    (
        TWO_DAYS.format("Deux.") + "\nConclusion\n\nFin.\n\nLe musée\n\nIl ouvre.\n",
        "may be the title of an article without a date",
        lambda text: text.replace("Il ouvre", "Mercredi 18 juillet 2012, il ouvre"),
        ["day 2012-07-15", "day 2012-07-17", "chapter 2012-07-15..2012-07-17 Titre",
         "article 2012-07-18 Le musée"],
    ),
    (
        "Un mot, d'abord.\n\nLe port\n\nMercredi 25 juillet 2012, il ferme.\n",
        "stands above the first title with a date",
        lambda text: "Le port\n\nMercredi 25 juillet 2012, il ferme.\n\nUn mot, d'abord.\n",
        ["article 2012-07-25 Le port"],
    ),
    (
        "Le port\n\nMercredi 24 juillet 2012, il ferme.\n",
        "its weekday and date disagree; this article is not imported",
        lambda text: text.replace("24", "25"),
        ["article 2012-07-25 Le port"],
    ),
    (
        TWO_DAYS.format("Un bis.\n\n***\n\nUn ter.") + "\n***\n\nFin.\n",
        "may be the close",
        lambda text: text.replace("***\n\nFin", "Conclusion\n\nFin"),
        ["day 2012-07-15", "day 2012-07-17", "chapter 2012-07-15..2012-07-17 Titre"],
    ),
]  # fmt: skip


@pytest.mark.parametrize(("page", "what", "follow", "expected"), ADVICE)
def test_advice_can_be_followed(
    page: str, what: str, follow: Callable[[str], str], expected: list[str]
) -> None:
    """And gives what it promises, without another word about it."""
    found = [f"{i.what} {i.hint}" for i in read(page) if isinstance(i, Problem)]
    assert any(what in problem for problem in found), found
    items = read(follow(page))
    assert outline(items) == expected
    left = [f"{i.what} {i.hint}" for i in items if isinstance(i, Problem)]
    assert not any(what in problem for problem in left)


# -- whatever is on the page -----------------------------------------------------------------------

LANGUAGES = ("en", "fr", "de", "es", "ar")
PICTURE = {"en": "Photo", "fr": "Image", "de": "Bild", "es": "Imagen", "ar": "صورة"}
TITLES = {
    "en": "The harbour and its people", "fr": "Le port et ses gens",
    "de": "Der Hafen und die Leute",
    "es": "El puerto y su gente", "ar": "الميناء وأهله كما نعرفهم",
}  # fmt: skip
CLOSING = {
    "en": "Remember that", "fr": "Rappelons que", "de": "Zur Erinnerung:", "es": "Recordemos que",
    "ar": "يُذكر أن",
}  # fmt: skip


@st.composite
def pages(draw: st.DrawFn, language: str) -> tuple[str, list[str], int]:
    """Return a page, its outline, and how many paragraphs it has; each has its number."""
    words = Words(language, PARIS)
    day = date(2012, 4, 1) + timedelta(days=draw(st.integers(0, 200)))
    lines: list[str] = []
    expected: list[str] = []
    count = 0

    def paragraph(begin: str = "") -> str:
        nonlocal count
        count += 1
        return f"{begin} p{count}x {'word ' * draw(st.integers(3, 30))}end.".strip()

    for number in range(draw(st.integers(1, 4))):
        has_year = not number or draw(st.booleans())
        title = f"{TITLES[language]} {'abcd'[number]}"
        lines.append(title)
        lines += [PICTURE[language]] * draw(st.booleans())
        if draw(st.booleans()):
            lines.append(paragraph(f"{words.day(day, year=has_year)},"))
            lines += [paragraph() for _ in range(draw(st.integers(0, 2)))]
            expected.append(f"article {day} {title}")
        else:
            lines += [PICTURE[language]] * (lines[-1] == title)
            lines += [paragraph() for _ in range(draw(st.integers(1, 2)))]
            last = day + timedelta(days=draw(st.integers(1, 5)))
            for at in range((last - day).days + 1):
                of = day + timedelta(days=at)
                lines.append(paragraph(f"{words.day(of, year=has_year and not at)}:"))
                lines += [paragraph() for _ in range(draw(st.integers(0, 2)))]
                expected.append(f"day {of}")
            lines += [paragraph(CLOSING[language]) for _ in range(draw(st.integers(0, 2)))]
            expected.append(f"chapter {day}..{last} {title}")
        day -= timedelta(days=draw(st.integers(10, 20)))
    return "\n\n".join(lines), expected, count


@pytest.mark.parametrize("language", LANGUAGES)
@tries(15, ci=100)
@given(data=st.data())
def test_no_paragraph_of_a_page_is_lost_or_doubled(language: str, data: st.DataObject) -> None:
    """Whatever articles and chronicles it has: each is found, with all its paragraphs in order."""
    page, expected, count = data.draw(pages(language))
    items = read(page, language=language)
    assert outline(items) == expected
    numbers = [int(n) for n in re.findall(r"\bp(\d+)x\b", everything(items))]
    assert sorted(numbers) == list(range(1, count + 1))
    for chapter in chapters(items):
        at = items.index(chapter)
        days = [i for i in items[:at] if isinstance(i, Update)][-chapter.updates :]
        text = everything([chapter.__class__(**{**vars(chapter), "title": "", "close": ""}), *days])
        own = [int(n) for n in re.findall(r"\bp(\d+)x\b", f"{text} {chapter.close}")]
        assert own == list(range(own[0], own[-1] + 1))


LINES = (
    "Un titre {}", "Un titre avec des mots {}", "Un titre {}.", "# Titre {}", "## Sous-titre {}",
    "**Gras {}**", "Dimanche 15 juillet 2012, le port {} ferme.", "Lundi 16 juillet, le port {}.",
    "Le mardi 17 juillet, le port {} ferme.", "Dimanche 15 juillet 2012 : Le port {} ferme.",
    "Lundi 16 juillet : titre {}", "Mercredi 25 juillet 2012", "## Mardi 17 juillet", "16/07/2012",
    "Du 15 au 17 juillet : texte {}", "*Du 15 au 17 juillet 2012 · Par Ada Blum*", "Image",
    "Image : {}", "---", "***", "======", "Conclusion", "Conclusion : {}.", "Rappelons que {}.",
    "Ces six jours {} ont passé.", "Une phrase {}, avec une suite. Et une autre.", "- puce {}",
    "10 h 30 : fait {}.", "> citation {}", "Par Jeanne Morel", "Source : {}",
    "### [18 h 04](https://example.org/) {}", "### [Titre {}](https://example.org/)",
)  # fmt: skip
"""Lines of which a page can be made, in any order; {} is a word that no other line has."""


@tries(60, ci=400)
@given(
    lines=st.lists(st.tuples(st.sampled_from(LINES), st.integers(0, 2)), min_size=2, max_size=25)
)
def test_no_line_is_lost_or_doubled_whatever_the_page(lines: list[tuple[str, int]]) -> None:
    """Also where it has no sensible structure: a line is imported once, or it is named."""
    page = "\n".join(
        line.format(f"q{number}z") + "\n" * blanks for number, (line, blanks) in enumerate(lines)
    )
    items = read(page)
    sources = [s.name for i in items if isinstance(i, Update) for s in i.versions[0].sources or ()]
    text = f"{everything(items)} {' '.join(sources)}"
    named = [where for where, _ in problems(items)]
    for number, line in enumerate(page.splitlines(), 1):
        for word in re.findall(r"\bq\d+z\b", line):
            count = len(re.findall(rf"\b{word}\b", text))
            assert count == 1 or (not count and any(_covers(where, number) for where in named))
    keys = [item.key for item in items if isinstance(item, Update | ChapterItem)]
    assert len(keys) == len(set(keys))


def _covers(where: str, line: int) -> bool:
    found = [int(number) for number in re.findall(r"\d+", where.partition(",")[0])]
    return bool(found) and found[0] <= line <= found[-1]
