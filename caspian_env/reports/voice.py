"""How a report speaks in its language: words from the catalogues, numbers, dates and units as the language writes them.

The catalogues are gettext files (``languages/ru.po`` …) whose message is the English text. What a catalogue lacks is
printed in English with the mark ``[en]``, so that a missing translation is seen.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from datetime import datetime, timedelta
from functools import lru_cache
from importlib.resources import files
from typing import TYPE_CHECKING, Literal

from caspian_env.reports import patterns, text
from caspian_env.reports.numbers import Value

if TYPE_CHECKING:
    from babel.messages.catalog import Catalog

LANGUAGES = ("en", "ru", "kk", "az")


@lru_cache(maxsize=len(LANGUAGES))
def catalogue(language: str) -> Catalog:
    """The catalogue of a language other than English."""
    from babel.messages.pofile import read_po

    with (files("caspian_env.reports") / "languages" / f"{language}.po").open("rb") as file:
        return read_po(file, locale=language)


@dataclass(frozen=True, slots=True)
class Voice:
    """One language; English is written by ``text`` itself."""

    language: str = "en"

    def find(self, english: str) -> str | None:
        """The translation, or None where the catalogue has none."""
        if self.language == "en" or not english:
            return english
        message = catalogue(self.language).get(english)
        return str(message.string) if message and message.string else None

    def words(self, english: str, **given: object) -> str:
        """A sentence in this language with its blanks filled; marked where it is not translated."""
        found = self.find(english)
        return f"[en] {english}".format(**given) if found is None else found.format(**given)

    def name(self, english: str) -> str:
        """A title, statistic or reason in this language; marked where it is not translated. Braces in it are no blanks.

        Signs and dashes are those of print, whatever the seeds were typed with.

        A title of parts, as "Gap, EDGAR, AR5, without land use: …", may be known by them alone.
        """
        found = self._known(english)
        if found is None:
            parts = [part if at % 2 else self._known(part) for at, part in enumerate(re.split("(, |: )", english))]
            found = None if None in parts else "".join(map(str, parts))
        return text.polished(f"[en] {english}" if found is None else found)

    def _known(self, english: str) -> str | None:
        found = self.find(english)
        if found is None and (known := patterns.match(english)) and (sentence := self.find(known[0])):
            return sentence.format(**{name: self._filled(words) for name, words in known[1].items()})
        return found

    def _filled(self, words: str) -> str:
        return self.sign(words) if re.fullmatch(patterns.SIGNED, words) else words

    def place(self, english: str) -> str:
        """The name of a place in a headline, where what it leaves out would hide the number; tables name it whole."""
        return self.name(english.removesuffix(" without Kara-Bogaz-Gol"))

    def unit(self, spelling: str) -> str:
        """A unit as it is printed; an international symbol where the language has no other."""
        printed = text.unit(spelling)
        return self.find(printed) or printed

    def unit_after(self, value: float, decimals: int, spelling: str) -> str:
        """A unit as it is printed after a number: "1 year", "2 years"; in Russian also «2 года», «43 года», «30 лет»."""
        printed, whole = text.unit(spelling), round(abs(value))
        if printed not in text.COUNTED or decimals > 0:
            return self.unit(spelling)
        if self.language == "en":
            return text.COUNTED[printed] if whole == 1 else printed
        from babel import Locale

        form = Locale.parse(self.language).plural_form(
            whole
        )  # the catalogue names the forms that differ from the unit alone
        return self.find(f"{printed}, {form}") or self.unit(spelling)

    def number(self, value: float, decimals: int, *, signed: bool = False) -> str:
        """The rounded value with the decimal sign of the language."""
        return self.sign(text.number(value, decimals, signed=signed))

    def quantity(self, value: float, decimals: int, spelling: str, *, signed: bool = False) -> str:
        """Number and unit."""
        return f"{self.number(value, decimals, signed=signed)} {self.unit_after(value, decimals, spelling)}".strip()

    def uncertainty(self, value: float | None, decimals: int) -> str:
        """Standard uncertainty at the places of its value."""
        return self.sign(text.uncertainty(value, decimals))

    def span(self, value: Value) -> str:
        """The interval alone; empty where there is none."""
        if value.ci_low is None or value.ci_high is None:
            return ""
        ends = (self.number(end, value.decimals) for end in (value.ci_low, value.ci_high))
        return self.words("{low} to {high}", **dict(zip(("low", "high"), ends, strict=True)))

    def interval(self, value: Value) -> str:
        """The interval with its level; empty where there is none."""
        if value.ci_level is None:
            return ""
        return self.words("{level} interval {span}", level=text.level(value.ci_level), span=self.span(value))

    def with_interval(self, value: Value) -> str:
        """Value, unit and interval."""
        amount = self.quantity(value.value, value.decimals, value.unit)
        return f"{amount} ({self.interval(value)})" if self.interval(value) else amount

    def day(self, moment: datetime) -> str:
        """A date in words."""
        if self.language == "en":
            return text.day(moment)
        from babel.dates import format_date

        return str(format_date(moment.date(), "long", locale=self.language))

    def month(self, number: int, *, width: Literal["wide", "abbreviated", "narrow"] = "wide") -> str:
        """The name of a month on its own; ``width`` is wide, abbreviated or narrow."""
        if self.language == "en" and width != "narrow":
            return text.MONTHS[number - 1][: None if width == "wide" else 3]
        from babel.dates import get_month_names

        return str(get_month_names(width, context="stand-alone", locale=self.language)[number])

    def month_of(self, year: int, number: int) -> str:
        """A month of a year inside a sentence, where Kazakh writes no capital letter."""
        return f"{self.month(number) if self.language == 'en' else self.month(number).lower()} {year}"

    def sentence(self, words: str) -> str:
        """The words as one sentence, as ``text.sentence``; Azerbaijani keeps the dot of its i."""
        return text.sentence(self.first_upper(words))

    def first_upper(self, words: str) -> str:
        """The words with a capital first letter, which of the Azerbaijani i is İ."""
        first = "İ" if self.language == "az" and words[:1] == "i" else words[:1].upper()
        return f"{first}{words[1:]}"

    def first_lower(self, words: str) -> str:
        """The words to stand inside a sentence, as ``text.lower_first``; Azerbaijani İ becomes i and I becomes ı."""
        small = {"İ": "i", "I": "ı"}.get(words[:1], "") if self.language == "az" else ""
        lowered = text.lower_first(words)
        return f"{small}{words[1:]}" if small and lowered != words else lowered

    def period(self, start: datetime, end: datetime) -> str:
        """A half-open period in words, as ``text.period`` cuts it."""
        if self.language == "en" or text.years_only(start, end):
            return text.period(start, end)
        last = end - timedelta(microseconds=1)
        if text.one_month(start, end):
            return self.month_of(start.year, start.month)
        if start.date() == last.date():
            return self.day(start)
        return f"{self.day(start)} – {self.day(last)}"

    def ends(self, start: datetime, end: datetime) -> tuple[str, str]:
        """First and last year of a half-open period; whole dates where it is not made of whole years."""
        if text.years_only(start, end):
            return text.ends(start, end)
        return self.day(start), self.day(end - timedelta(microseconds=1))

    def status(self, status: str) -> str:
        """The word for a value that is not final; empty for final ones."""
        return self.name(text.status_mark(status))

    def qc(self, flag: int) -> str:
        """A QARTOD flag with its meaning."""
        number, _, meaning = text.qc(flag).partition(" ")
        return f"{number} {self.name(meaning)}"

    def sign(self, number: str) -> str:
        """A printed number with the decimal sign of the language."""
        if self.language == "en":
            return number
        from babel.numbers import get_decimal_symbol

        return number.replace(".", get_decimal_symbol(self.language))
