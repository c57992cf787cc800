"""English function words and common verbs: what takes a question apart without a grammar."""

from __future__ import annotations

from qa.english.numbers import MONTHS


def word_set(listed: str) -> frozenset[str]:
    """The words of a line."""
    return frozenset(listed.split())


WH = word_set("who whom whose what which when where why how")
DO = word_set("do does did")
BE = word_set("is are was were")
AUXILIARIES = DO | BE | word_set("has have had can could will would should may might must shall")
DETERMINERS = word_set("the a an this that these those its his her their our my your")
ARTICLES = word_set("the a an")
PREPOSITIONS = word_set(
    "of in on at to from for with by about against between into after before during since until "
    "over under through among within without near via per towards toward across behind below "
    "above around as than past out up off down onto inside outside despite"
)
# Those that may belong to the verb: "laid out the line".
PARTICLES = word_set("out up off down over")
# Small words inside a name: "Jerónimo de Ayanz y Beaumont".
CONNECTORS = word_set("de del der den di da du la le van von ter y bin ibn al el")
CONJUNCTIONS = word_set("and or but nor")
# What makes a clause of its own, so that a pronoun in it may mean what stands before it.
CLAUSES = word_set(
    "that when while because if although though before after who which where and but or"
)
PRONOUNS = word_set(
    "it its itself they them their theirs themselves he him his himself she her hers herself this "
    "that these those there i you we me us one ones"
)
ADVERBS = word_set(
    "not ever never also still first last already again else exactly now today just only even too "
    "home actually really so far n't long often much many more most less least once then later"
)
MONTH_WORDS = frozenset(month.lower() for month in MONTHS)
TIMES = word_set(
    "day night morning evening noon midnight winter summer spring autumn weekend weekends monday "
    "tuesday wednesday thursday friday saturday sunday week month year days nights today "
    "yesterday"
)
# Verbs that a noun before them does not hide: "did the company build ships".
VERBS = word_set(
    "accept accuse add admit agree aim allow announce answer apply approve arrive ask attack "
    "attend back ban become begin believe belong benefit boil break bring build burn buy "
    "calculate call carry catch cause change charge choose claim clean close collect come commit "
    "compare compete complete compress condemn connect consist contain continue control convert "
    "cook cool copy cost count cover create cross cut damage debug decide declare defend delay "
    "delete deliver deny depend deploy describe design destroy detect develop die differ discover "
    "divide do double download draw drive drop earn eat edit employ encrypt end enter escape "
    "establish exist expand expect expire explain export fail fall fight fill find finish fire "
    "fit fix fly focus follow forbid form found freeze fund gain generate get give go govern grow "
    "handle happen have heat help hire hit hold hunt hurt import impose improve include increase "
    "infect inherit inject inspire install interact invade invent invest join judge jump keep "
    "kick kill know lack land last lay lead leave let lie lift limit link list live load lock "
    "lose make manage march mark marry match mean measure meet melt mention merge migrate mix "
    "monitor move need obey oblige offer open operate oppose order organise organize outnumber "
    "own paint pass pay perform permit plan play praise predict prefer prepare press prevent "
    "print process produce promise propose protect prove provide prune publish pull purchase push "
    "put quit quote raise rank rate reach read rebuild receive recognise recognize recommend "
    "record recover recruit reduce refer refuse register regulate reject remain remove rent "
    "repair replace reply report represent reproduce require rescue resemble reset resign resist "
    "resolve respond rest restore restrict retire return reveal revoke ride ring ripen rise rule "
    "run save say scan schedule search see seek sell send separate serve set settle shape share "
    "ship shoot show shut sign sing sink sit sleep smell solve sound spend spread stand start "
    "state stay steal stop store stretch strike study submit succeed suffer suggest supply "
    "support surrender suspend swim switch take teach tell tend test thank think threaten touch "
    "trade train transfer translate transport travel treat trigger trust try turn understand "
    "unite update upgrade upload use value vanish verify veto visit vote wait walk want warn wash "
    "watch weaken wear weigh win wish withdraw wonder work write"
)
PARTICIPLES = {
    "became": "become", "born": "born", "began": "begun", "bought": "bought", "broke": "broken",
    "brought": "brought", "built": "built", "caught": "caught", "chose": "chosen", "cut": "cut",
    "did": "done", "drew": "drawn", "drove": "driven", "fought": "fought", "found": "found",
    "gave": "given", "got": "got", "held": "held", "hit": "hit", "kept": "kept", "knew": "known",
    "laid": "laid", "led": "led", "left": "left", "lost": "lost", "made": "made", "met": "met",
    "paid": "paid", "put": "put", "ran": "run", "read": "read", "rebuilt": "rebuilt",
    "reset": "reset",
    "said": "said", "saw": "seen", "sent": "sent", "set": "set", "sold": "sold",
    "shot": "shot", "shut": "shut", "spent": "spent", "stole": "stolen", "struck": "struck",
    "sunk": "sunk", "taught": "taught", "told": "told", "took": "taken", "thought": "thought",
    "threw": "thrown", "won": "won", "wore": "worn", "wrote": "written",
}  # fmt: skip
PLURALS = word_set("people men women children troops police forces")
SINGULARS = word_set("news series species headquarters politics economics physics mathematics")
