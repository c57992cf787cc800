"""Countries as English texts call them: by name, by people, by seat of government.

"Iranian" says Iran, and in the language of news "Tehran" decides what Iran does. A question and its
source often take different words of the three, which no stemmer brings together.
"""

from __future__ import annotations

import re

# country (as words of the index have it) | its people and what is theirs | seat of government
_TABLE = """
afghanistan|afghan afghans|kabul
america|american americans|washington
argentina|argentine argentinian argentinians|
armenia|armenian armenians|yerevan
australia|australian australians|canberra
austria|austrian austrians|vienna
azerbaijan|azerbaijani azerbaijanis|baku
belarus|belarusian belarusians|minsk
belgium|belgian belgians|
brazil|brazilian brazilians|brasilia
britain|british briton britons|london
bulgaria|bulgarian bulgarians|sofia
canada|canadian canadians|ottawa
chile|chilean chileans|
china|chinese|beijing
colombia|colombian colombians|bogota
croatia|croatian croatians|zagreb
cuba|cuban cubans|havana
czechia|czech czechs|prague
denmark|danish dane danes|copenhagen
egypt|egyptian egyptians|cairo
estonia|estonian estonians|tallinn
ethiopia|ethiopian ethiopians|
europe|european europeans|brussels
finland|finnish finn finns|helsinki
france|french|paris
georgia|georgian georgians|tbilisi
germany|german germans|berlin
ghana|ghanaian ghanaians|accra
greece|greek greeks|athens
hungary|hungarian hungarians|budapest
iceland|icelandic icelander icelanders|reykjavik
india|indian indians|delhi
indonesia|indonesian indonesians|jakarta
iran|iranian iranians|tehran
iraq|iraqi iraqis|baghdad
ireland|irish|dublin
israel|israeli israelis|
italy|italian italians|rome
japan|japanese|tokyo
kazakhstan|kazakh kazakhs|astana
kenya|kenyan kenyans|nairobi
korea|korean koreans|
kyrgyzstan|kyrgyz|bishkek
laos|lao laotian laotians|vientiane
latvia|latvian latvians|riga
lebanon|lebanese|beirut
libya|libyan libyans|tripoli
lithuania|lithuanian lithuanians|vilnius
malaysia|malaysian malaysians|
mexico|mexican mexicans|
mongolia|mongolian mongolians|ulaanbaatar
morocco|moroccan moroccans|rabat
myanmar|burmese|naypyidaw
nepal|nepalese nepali nepalis|kathmandu
netherlands|dutch|
nigeria|nigerian nigerians|abuja
norway|norwegian norwegians|oslo
pakistan|pakistani pakistanis|islamabad
palestine|palestinian palestinians|ramallah
peru|peruvian peruvians|lima
philippines|philippine filipino filipinos|manila
poland||warsaw
portugal|portuguese|lisbon
qatar|qatari qataris|doha
romania|romanian romanians|bucharest
russia|russian russians|moscow kremlin
saudi|saudis|riyadh
serbia|serbian serbians serb serbs|belgrade
slovakia|slovak slovaks|bratislava
spain|spanish spaniard spaniards|madrid
sweden|swedish swede swedes|stockholm
switzerland|swiss|bern
syria|syrian syrians|damascus
taiwan|taiwanese|taipei
tajikistan|tajik tajiks|dushanbe
thailand|thai thais|bangkok
turkey|turkish turk turks turkiye|ankara
turkmenistan|turkmen turkmens|ashgabat
ukraine|ukrainian ukrainians|kyiv kiev
uzbekistan|uzbek uzbeks|tashkent
venezuela|venezuelan venezuelans|caracas
vietnam|vietnamese|hanoi
yemen|yemeni yemenis|sanaa
"""

_SHORT = (
    (re.compile(r"\b(?:United States(?: of America)?|U\.S\.(?:A\.)?|USA|US)(?!\w)"), "America"),
    (re.compile(r"\b(?:United Kingdom|U\.K\.|UK)(?!\w)"), "Britain"),
    (re.compile(r"\bDPRK\b"), "North Korea"),
    (re.compile(r"\bROK\b"), "South Korea"),
    (re.compile(r"\bPRC\b"), "China"),
    (re.compile(r"\bEU\b"), "European Union"),
)

_COUNTRY_OF: dict[str, str] = {}
# The words of the country that each seat of government stands for.
SEATS: dict[str, tuple[str, ...]] = {"pyongyang": ("north", "korea"), "seoul": ("south", "korea")}
_COUNTRIES: set[str] = set()
for _line in _TABLE.strip().splitlines():
    _country, _people, _seats = _line.split("|")
    _COUNTRIES.add(_country)
    _COUNTRY_OF.update(dict.fromkeys(_people.split(), _country))
    SEATS.update(dict.fromkeys(_seats.split(), (_country,)))


def spell_out(text: str) -> str:
    """`text` with the short forms of countries, which case folding would hide, written out."""
    for pattern, name in _SHORT:
        text = pattern.sub(name, text)
    return text


def country(word: str) -> str:
    """The country of a people: "iranian" to "iran"; any other word as it is."""
    return _COUNTRY_OF.get(word, word)


def is_country(word: str) -> bool:
    """Whether `word`, in small letters, names a country, its people or its seat of government."""
    return word in _COUNTRIES or word in _COUNTRY_OF or word in SEATS
