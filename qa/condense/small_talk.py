"""What is said to the interface and not asked of the sources: thanks, greetings, "shorter please".

The whole text must be such talk: "Thanks! And how?" is a question. The phrases are English, with
the commonest greetings and thanks of a few other languages.
"""

from __future__ import annotations

import re

from index.tokens import words

# What Refdesk says to each kind of talk.
REPLIES: dict[str, str] = {
    "greeting": "Hello. Ask a question, and Refdesk looks for the answer in the sources of this "
    "library. Every sentence of it names the passage that says so.",
    "thanks": "You are welcome. Ask on whenever you like.",
    "farewell": "Goodbye.",
    "identity": "This is Refdesk, a program that answers questions from the sources of one "
    "library. It is no person, and it knows nothing beyond these sources. Every sentence of an "
    "answer names the passage that says so, and was checked against it.",
    "help": "Ask a question in your own words. Refdesk looks for the answer in the sources of this "
    "library and shows what they say, each sentence with the number of its passage; a number opens "
    "the passage in its source. Where the sources say nothing, it says so. After an answer you can "
    "ask on, as “And in winter?” or “Who signed it?”. The scope limits which sources are searched.",
    "reword": "Refdesk gives what the sources say, in their words: it does not shorten, simplify "
    "or translate an answer. What helps is to ask for one point of it, as “When was it signed?” or "
    "“What does it cost?”; or to copy the answer with its sources into a program that rewords.",
    "doubt": "Refdesk checks that a source says each sentence, not that the source is right. The "
    "number behind a sentence opens the passage: read it there, and see who says it and when. "
    "Where other sources of the library say otherwise, the answer shows it. If it is not what you "
    "asked, ask in other words.",
}

# A phrase a line; what stands in braces is one of these.
_PARTS = {
    "THANKS": "(thanks?|thank (you|u)|thx|ty|cheers|merci|danke( schon| sehr)?|vielen dank|gracias"
    "|grazie|obrigad[oa])( (you|again|very much|so much|a lot|a million|beaucoup|all|for (that|this"
    "|it|all|everything|(the|your|this) (help|answers?|info|information|explanation|time))))*",
    "PRAISE": "(very |really |so |a )?(great|cool|nice|perfect|awesome|excellent|wonderful|good"
    "|brilliant|amazing|fine|interesting|helpful|useful)( one| job| work| answer| bot)?|wow|ok|okay"
    "|all ?right|sure|yes|yeah|yep|understood|got it|i see|i understand|makes sense|well done"
    "|never ?mind|haha|that helps|that helped( a lot| me)?|i (love|like) (you|it|this|that)"
    "|(that|this|it|you) (s|is|are|re|was) (very |really |so |all )?(great|good|nice|helpful|useful"
    "|perfect|clear|all|it|enough|interesting|awesome|amazing|fine|the best)",
    "LANGUAGE": "(english|german|french|spanish|italian|dutch|portuguese|russian|ukrainian|polish"
    "|czech|swedish|danish|norwegian|finnish|greek|turkish|arabic|hebrew|persian|farsi|hindi|urdu"
    "|bengali|chinese|mandarin|japanese|korean|vietnamese|thai|indonesian|latin|deutsch|francais)",
    "IT": "(that|this|it|these|those|all (that|this|of (that|this|it))|what you said"
    "|(the|your|this|that|the last|your last) (answers?|reply|response|text))|me",
    "MANNER": "((a (bit|little) |much |even |in |more |less |far )*(simple|simply|simpler|shorter"
    "|short|briefly|brief|concise|concisely|clearer|clearly|easier|longer|plainly|technical|formal"
    "|detail|bullet points?|bullets|a nutshell|one paragraph|{LANGUAGE}|(a|one|two|three|fewer"
    "|other|simple|simpler|plain|plainer|easy|your own|different|laymans?|layman s|everyday)"
    " (words?|terms?|sentences?|language|english|lines?|way))|as (a )?(list|table|bullets?"
    "|bullet points?|short as possible|summary)|again|differently|(like|as if) (i ?a?m|i were)"
    " (five|5|a child|ten|10)|(to|for) (a child|a kid|a beginner|dummies|me)|(in)?to {LANGUAGE}"
    "|auf deutsch|en francais)",
    "COULD": "((can|could|would|will) you |let s )",
}
_PHRASES: dict[str, str] = {
    "greeting": """
(hi|hello|hey|hiya|howdy|greetings|hallo|bonjour|salut|hola|ciao)( (all|everyone|everybody|friend))?
(hi |hello |hey )?(how (are|r) (you|u)( doing)?( today)?|how (s|is) it going|nice to meet you)
(guten (tag|morgen|abend)|good (morning|afternoon|evening|day))""",
    "thanks": """
(no |({PRAISE}) )*{THANKS}( ({PRAISE}|{THANKS}))*""",
    "farewell": """
good ?bye|bye( bye)?|see (you|ya)( later| soon| tomorrow)?|good night|farewell|talk to you later
have a (nice|good|great) (day|evening|weekend|one)""",
    "identity": """
(who|what)( exactly)? (are|r) (you|u)
who am i (talking|speaking|chatting) (to|with)
what (s|is) your (name|purpose|job)|do you have a name
who (made|built|created|wrote|trained|developed|programmed|owns|runs) you
are you (there|real|human|sentient|alive|conscious|chatgpt|gpt|claude|gemini|siri|alexa)
are you an? (ai|bot|chatbot|robot|(real )?person|human|machine|program|language model|llm)
(what|which) (ai |language )?(model|ai|llm|version|bot|chatbot) (are you|is this|do you use)
(tell me (something )?about|introduce|describe) yourself
how old are you|where are you from|can i trust you|(what|which) languages? do you speak""",
    "help": """
help( me)?|i need help|how can you help( me)?|what are you able to do|how do you work
what( else)? can you (do|answer|tell me|help( me)? with)( for me| here)?
what( else)? can (i|we) (do|ask)( here| you| you about| about)?
what (else )?do you (do|know|know about|cover|offer)
how (do|can|should|could) (i|we) (start|begin|ask( you)?( (a question|questions|something))?)
how (do|can|should|could) (i|we) use (you|refdesk)
(what|which) (questions|topics|subjects) (can|should|may|do|could) (i ask|you answer|you cover)
what (is|s) in (this|the|your) library|(what|which) sources do you (have|know|use)""",
    "reword": """
{COULD}?(explain|say|put|phrase|write|describe|tell|give|show|make|keep|answer|reply|list|format|be
|summari[sz]e|shorten|simplify|translate|rephrase|reword|repeat|sum up|turn)
( ({IT}))*( up)?( {MANNER})+
{COULD}?(rephrase|reword|restate|paraphrase|summari[sz]e|shorten|simplify|translate|repeat|sum up)
( ({IT}))*( up)?
{MANNER}( {MANNER})*
tl dr|tldr|eli5|(that (is|s) )?too long
(a |give me a |i want a )?(summary|((short|simpler|shorter) (version|answer))|translation)
( of ({IT}))?
(can|do) you (speak|know|understand) {LANGUAGE}""",
    "doubt": """
is (that|this|it) (really |actually |even |all )?(true|right|correct|so|accurate|certain|a fact)
are you (really |quite |absolutely |very )?(sure|certain)( (about|of) (that|this|it))?
really|seriously|wrong|no|nope|prove it|how do you know( that| this)?
(no )?(that|this|it) (s|is) (just |simply |all )?(wrong|false|incorrect|nonsense)
(no )?(that|this|it) (s|is) not (true|right|correct|an answer|what i (asked|meant|wanted))
(no )?you (re|are) wrong|says who|who says( so| that)?|can i trust (that|this|it|the answer)
i (don t|do not|doubt|can t) (believe|agree|think so|trust)( (that|this|it|you))?
(what|where) (is|are|s) your (sources?|evidence|proof)( (for|of) (that|this|it))?
where (did|do) you (get|find|have) (that|this|it)( from)?
(that|this|it) (does not|doesn t|did not|didn t) answer (my|the) question""",
}
_POLITE = "please|pls|kindly|now|just|oh|ah|well|so|hm+|refdesk|there|again"
_PART = re.compile(r"\{([A-Z]+)\}")
# Longer than any of it, in characters.
_LONGEST = 120


def _pattern(phrases: str) -> re.Pattern[str]:
    # A line that opens with a group of choices, or with "|", goes on the one before.
    lines = re.sub(r"\n(?=\||\( )", "", phrases.strip()).split("\n")
    text = "|".join(lines)
    while _PART.search(text):
        text = _PART.sub(lambda part: _PARTS[part[1]], text)
    return re.compile(text)


_KINDS = {kind: _pattern(phrases) for kind, phrases in _PHRASES.items()}
_PRAISED = _pattern(f"(({_POLITE}) )*({{PRAISE}})( ({{PRAISE}}|{_POLITE}))*")
_LEFT_OUT = re.compile(rf"^(?:(?:{_POLITE}|ok|okay) )+|(?: (?:{_POLITE}))+$")


def small_talk(said: str, *, after_answer: bool = False) -> str | None:
    """Which kind of talk to the interface `said` is, as in `REPLIES`; None where it is a question
    to the sources.

    `after_answer` says that something was asked before: only then is there something to reword, to
    doubt, or to nod at.
    """
    if len(said) > _LONGEST:
        return None
    text = " ".join(words(said))
    bare = _LEFT_OUT.sub("", text)
    for kind, pattern in _KINDS.items():
        if (after_answer or kind not in ("reword", "doubt")) and (
            pattern.fullmatch(text) or pattern.fullmatch(bare)
        ):
            return kind
    return "thanks" if after_answer and _PRAISED.fullmatch(text) else None
