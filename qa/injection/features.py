"""What a sentence does, as features: whom it addresses, in which mood, and what it is about.

Each feature is a pattern over the plain reading of a sentence (lower case, one line). None of them
is an attack by itself: "ignore the foam", "answer in full sentences" and "the system prompt" are
each innocent. The weights of `weights.json` say how much they count together.
"""

# ruff: noqa: E501 (a pattern is read more easily in one piece)

from __future__ import annotations

import re

from qa.english.words import base_verbs
from qa.injection.plain_reading import without_accents
from qa.models.chat import NOT_IN_SOURCES

_MACHINE = (
    r"(?:a\.?i\.?s?|llms?|gpt(?:-?\d\w*)?|chat-?gpt|claude|gemini|copilot|openai|chat-?bots?"
    r"|(?:large )?language models?|(?:\w+ )?assistants?(?! (?:manager|professor|director|secretary|editor|coach|to\b))|dan|answering (?:engine|machine|system)s?"
    r"|machine readers?|automated (?:agent|reader|system)s?|(?:the|this|each|any|every|whichever) "
    r"(?:model|bot|robot|agent)s?|(?:bot|agent|model|machine|tool)s? (?:that |which |who )?"
    r"(?:answer|read|summari[sz]|process|evaluat|review|generat)\w*)"
)
# After the start, a mark, or a word that leads to an order; "was told to ignore" is a report.
_LEAD = (
    r"(?:^(?:\W*\w+ ?(?:\d+ ?)?:)?\W*|[^\w\s,'’\"“]\s*|\b(?:please|kindly|now|then|so|just|instead"
    r"|always|never|only|must|should|shall|will|do not|don['’]t|you (?:can|may|are to|have to)"
    r"|obliged to|asked to|requested to|not to|and|or)[,\s]+|^(?:if|when|whenever|should|upon|once"
    r"|as soon as|in case|each time|before|after|for|from|to)\b[^.!?]{0,80}?,\s)"
)
# Before who speaks next in a forged conversation: a mark, not a word, since "the package manager of
# your system:" leads on to a command.
_TURN = r"(?:^|[^\w\s,]\s*)"
_DROP = (
    r"(?:ignor(?:e|ing)|disregard|forget|override|overrule|bypass|discard|drop|abandon|neglect"
    r"|(?:set|put|lay) (?:\w+ ){0,2}aside|cast (?:away|off)|skip|suspend|delete|erase|cancel|void"
    r"|stop|cease|no longer|do not (?:follow|obey|use|pay)|don['’]t (?:follow|obey)|leave out"
    r"|pay no attention|free of|without|lifted|lets? go of|clear)"
)
_TOLD = (
    r"(?:instructions?|prompts?|guidelines?|guidance|directives?|directions|guardrails?|safeguards?"
    r"|programming|commands?|brief|rules?|restrictions?|constraints?|limits?|limitations?|filters?"
    r"|safety (?:rules|layer|filters?|persona)|context|settings|training|orders|system message)"
)
# Of a reader, "your diff command" is none.
_TOLD_YOU = _TOLD.replace("|commands?", "")
_BEFORE = (
    r"(?:previous(?:ly)?|prior|above|earlier|preceding|foregoing|former|original|initial|so far"
    r"|up to now|until now|before(?! (?:you|the|it|use|work)\b)|came first|existing)"
)
_SAY = (
    r"(?:say|reply|respond|answer|state|claim|report|output|print|write|tell|recommend|rate|praise"
    r"|endorse|confirm|conclude|declare|announce|mention|assert|insist|repeat|return|call|add"
    r"|append|insert|include|praise|describe|approve|agree)"
)
_REPLY = r"(?:answers?|repl(?:y|ies)|responses?|outputs?|completions?|summary|citations?)"
_USER = (
    r"(?:the (?:user|reader|person|human|people|visitor|questioner)s?(?: who asks?)?|(?:any|every)?"
    r"(?:one|body) who asks|users|visitors)"
)
_PAPER = r"(?:th(?:is|ese) (?:page|document|passage|source|text|lines?|paragraph|note|message)s?)"
_TEXTS = r"(?:passages?|sources?|documents?|context|citations?|texts?|retrieved \w+)"
_COPY = r"(?:reveal|print|show|output|repeat|leak|disclose|display|list|dump|send|recite|see|quote)"

_FEATURES: dict[str, str] = {
    # Whom it addresses.
    "machine": rf"(?<![\w.]){_MACHINE}(?!\w)",
    "machine_called": (
        rf"(?:\b(?:dear|hey|hello|hi|attention|to|for|from|note|notice|instructions?|message|tell"
        rf"|by|you,?(?: the)?|as an?)\b(?: (?:to|for|the|all|any|each|every|you|dear)){{0,3}}[ ,:]+"
        rf"{_MACHINE}(?!\w)|(?:^|[^\w\s]\s*){_MACHINE}\s*[,:]"
        rf"|^\W*(?!the\b|a\b)(?:\w+ )?{_MACHINE}(?!\w)(?:[^.!?,:]{{0,40}}:|, you))"
    ),
    "machine_obliged": (
        rf"(?<![\w.]){_MACHINE}(?!\w)(?: (?:that|which|who|reading|processing)[^.!?]{{0,30}})? "
        rf"(?:must|should|shall|will|(?:is|are|has|have) (?:to|obliged|requested|asked)|please"
        rf"|could|would|needs? to)\b(?! (?:report|be|count|stay|keep)\b)"
    ),
    "machine_asked": (
        rf"\b(?:we|i)\b[^.!?]{{0,30}}\b(?:ask|request|want|invite|urge|beg|expect|need)\b (?:\w+ ){{0,2}}"
        rf"{_MACHINE} (?:not )?to\b|\b(?:grateful|helps?|appreciate|kind|nice|better|best)\b[^.!?]{{0,25}}\bif\b"
        rf"[^.!?]{{0,10}}{_MACHINE}|\bfor (?:an? )?{_MACHINE} to (?!be\b)"
    ),
    "you_machine": (
        rf"\b(?:you are|you['’]re|as an?|become|act as|pretend to be|you were|you who answer|are you)\b"
        rf"[^.!?,]{{0,30}}(?<![\w.]){_MACHINE}(?!\w)(?! to\b)"
    ),
    "you": r"\b(?:you|your|yourself|yours)\b",
    "if_machine": rf"\b(?:if|should|when|unless)\b[^.!?]{{0,25}}(?<![\w.]){_MACHINE}(?!\w)",
    "user": rf"\b{_USER}\b",
    # What it was told before.
    "drop_told": rf"\b{_DROP}\b[^.!?]{{0,50}}\b{_TOLD}\b",
    "drop_told_before": (
        rf"\b{_DROP}\b[^.!?]{{0,40}}\b{_BEFORE}\b[^.!?]{{0,25}}\b(?:{_TOLD}|text|content|words)\b"
        rf"|\b{_DROP}\b[^.!?]{{0,25}}\b{_TOLD}\b[^.!?]{{0,30}}\b(?:{_BEFORE}|gave|given|told)\b"
        rf"|\b{_DROP} (?:all|everything|anything|whatever)\b[^.!?]{{0,20}}\b{_BEFORE}\b"
    ),
    "order_drop": rf"{_LEAD}{_DROP}\b[^.!?]{{0,50}}\b(?:{_TOLD}|{_BEFORE}|told|everything)\b",
    "your_told": rf"\byour\b[^.!?]{{0,20}}\b(?:{_TOLD_YOU}|task|role|persona|job|policy|policies)\b",
    "told_before": rf"\b{_BEFORE} {_TOLD}\b|\b{_TOLD} (?:above|before|given|you (?:were|have))",
    "you_were_told": (
        r"\b(?:(?:what|everything|all|that)[^.!?]{0,15} you are|you (?:were|have been|had been))"
        r"(?: just)? (?:told|given|asked|instructed|shown)\b"
    ),
    "void": (
        r"\b(?:supersedes|overrides|replaces|cancelled|void|no longer appl\w+|do not exist"
        rf"|have changed|has changed)\b(?=[^.!?]{{0,60}}(?:\b{_TOLD}|\byou|;|$))"
        rf"|\byour\b[^.!?]{{0,20}}\b(?:{_TOLD}|task|job)\b[^.!?]{{0,15}}\b(?:cancelled|over|changed)"
    ),
    "new_told": (
        rf"\b(?:new|hidden|secret|embedded|updated|real|special|following|next|runtime|priority)"
        rf" (?:{_TOLD}|tasks?|question)\b|\btask now\b"
    ),
    "from_now": (
        r"\b(?:from (?:now|here|this point) on|from this (?:point|moment)|henceforth|for the rest of"
        r" th|going forward|you no longer|is your task)\b|\byou are (?:now|no longer) (?:an?\b|the \w+$)"
    ),
    # Who it is to be.
    "be_another": (
        r"\b(?:act as(?: if| though)?|act normally|pretend (?:to be|that|you)|behave (?:as|like)"
        r"|role-?play|imagine (?:yourself|that you|you)|think of yourself|take on the (?:role|persona)"
        r"|assume the (?:identity|role)|stay in character|you are (?:now|no longer) an?|you will (?:play|take on)"
        r"|respond as|answer as|your new name|become that|simulate|play the (?:part|role)"
        r"|you (?:have been|are) (?:promoted|freed))\b"
    ),
    "unbound": (
        r"\b(?:unrestricted|uncensored|unfiltered|jailbr\w+|no (?:filters?|limits?|rules|warnings)"
        r"|without (?:\w+ )?(?:filters?|limits?|rules|warnings|refusing|restrictions)|full access"
        r"|(?:developer|debug|god|dan|sudo|opposite|root|maintenance|admin) mode|root operator"
        r"|override code|(?:your|its|safe|no|any|without) (?:safety )?(?:layer|filter|persona|rules|checks)|safety (?:layer|persona|filters?)|hidden (?:prompt|rules))\b"
    ),
    # What it is to say.
    "order_say": rf"{_LEAD}{_SAY}\b",
    "order_say_that": (
        rf"{_LEAD}(?:{_SAY})\b[^.!?]{{0,25}}\b(?:that|only|exactly|with|as|no|yes|nothing else"
        rf"|word|to)\b"
    ),
    "say_colon": rf"{_LEAD}{_SAY}\b[^.!?:]{{0,40}}:(?:\s|$)",
    "your_reply": rf"\b(?:your|every|each|all|the) (?:\w+ ){{0,2}}{_REPLY}\b",
    "your_own_reply": rf"\byour (?:\w+ ){{0,2}}{_REPLY}\b",
    "order_your_reply": (
        rf"(?:^\W*(?!(?:the|a|an|it|he|she|they|this|we|if|when|your|you|their|to)\b)\w+\b|\bplease)"
        rf"[^.!?]{{0,110}}\byour (?:\w+ ){{0,2}}(?:{_REPLY}|message)\b"
    ),
    "change_your_reply": (
        rf"\b(?:modify|change|enhance|augment|integrate|introduce|rewrite|replace|scramble|render"
        rf"|provide|convert|encode|remove|translate|shorten|alter|insert|add|include|append|lace"
        rf"|embed|sprinkle|mis\w+|insert|combine|use)\b[^.!?]{{0,90}}\byour (?:\w+ ){{0,2}}"
        rf"(?:{_REPLY}|message)\b|\b(?:in|of|to|into|with|within) your (?:\w+ )?{_REPLY}\b"
    ),
    "reply_must": (
        rf"\b(?:only|correct|right|ideal|proper|permitted|allowed) {_REPLY}(?: allowed)? (?:is|calls|names|says|reads)\b"
        rf"|\b{_REPLY} to (?:any|every|all|each) questions?\b[^.!?]{{0,40}}(?:\breads?\b|\bis\b|:)"
        rf"|"
        rf"\b(?:your|the|every|each|all|correct|only)(?: \w+)? {_REPLY}\b[^.!?]{{0,30}}\b(?:must|should"
        rf"|shall|has to|have to|is (?:that|no|yes|now)|are to|(?:is|are) all)\b"
    ),
    "add_to_reply": (
        rf"\b(?:add|append|attach|insert|include|put|place|begin|start|end|finish|fill|limit|prefix"
        rf"|format)\b[^.!?]{{0,60}}\b(?:your|every|each|the|all) (?:\w+ )?{_REPLY}\b"
    ),
    "only_this": (
        r"\b(?:only (?:the following|with|this|say)|nothing (?:else|but)|exactly (?:with|this|the following)|(?:sentence|line|words?|text|phrase)s? exactly|and nothing"
        r"|the single word|only the word|\bthe word \w+\W*(?:$|and nothing)|verbatim|word for word|one word|no matter what"
        r"|whatever (?:the question|it|is)|whole answer|and stop)\b"
    ),
    "when_asked": (
        r"\b(?:if|when|where|whenever|should|provided that|in the event that|as long as)\b[^.!?]{0,20}"
        r"\b(?:quer(?:y|ies)|questions?|topic)\b[^.!?]{0,20}\b(?:contains?|names?|concerns?|touch(?:es)? on|is about|is the)\b|"
        r"\b(?:(?:if|when|whenever|each time|in case|as soon as|^should|before|after|asked)\b"
        r"[^.!?]{0,30}\b(?:asked|asks?|answer(?:ing)?|queried|quer(?:y|ies)|user|somebody|someone"
        r"|question|respond(?:ing)?|summari[sz]e\w*|wants? to know)|whoever (?:answers|reads)"
        r"|(?:^|for |to )(?:any|every|all|each)(?: further| other)? questions?|upon reading|asked (?:who|what|how)"
        r"|(?:when|while|before|after|upon|in) (?:answering|replying|responding|summari[sz]ing|generating an?))\b"
    ),
    "when_asked_say": (
        r"(?:\b(?:if|when|whenever|each time|in case|as soon as|should|upon|asked)\b[^.!?]{0,60}"
        r"|^asked[^.!?]{0,40}|\bquestions?\b[^.!?]{0,25}),? (?:to be answered with|(?:please |always "
        rf"|just |then |you )*{_SAY}\b)"
    ),
    "answerer": (
        r"\b(?:who(?:m)?ever|any(?:one|body|thing)|every(?:one|body|thing)|you(?: who|,)|machine that|those"
        r"|whatever|readers?)[^.!?]{0,20} (?:answer|summari[sz]|process|generat|respond)\w*\b"
        r"(?=[^.!?]{0,20}\b(?:this|it|these|here|must|should|shall|ha(?:s|ve) to|is|are)\b)"
        r"|\banswer(?:s|ing)? from th(?:is|ese) (?:page|text|passage|document)"
    ),
    # What it is to keep quiet, to give away, or to make a reader do.
    "hide": (
        r"\b(?:(?:do not|don['’]t|never|not|without|must not|without letting)\b[^.!?]{0,20}\b(?:tell"
        r"|mention|reveal|disclose|show|refer|notic\w+|let|be shown)|hide|keep\b[^.!?]{0,25}\bsecret"
        r"|quietly|secretly|say nothing|deny (?:it|that)|suppress)\b"
    ),
    "hide_this": (
        rf"\b(?:nobody|none|no one|no human)\b[^.!?]{{0,40}}\b(?:learns?|sees?|finds? out|knows?|notices?)\b"
        rf"[^.!?]{{0,20}}\bth(?:is|ese) (?:note|line|text|paragraph|words)\b"
        rf"|\b(?:human|user|reader|person|people)s? (?:must|may|should) (?:not|never) (?:see|learn|find out|know|notice)\b|"
        rf"\b(?:tell|mention|reveal|disclose|show|refer|hide|keep|shown|notice)\w*\b[^.!?]{{0,30}}"
        rf"\b(?:{_PAPER}|the answer|was changed)\b"
    ),
    "hide_from_user": (
        rf"\b(?:not|never|without|don['’]t)\b[^.!?]{{0,20}}\b(?:tell|mention|reveal|disclose|show"
        rf"|let(?:ting)?|notic\w+)\b[^.!?]{{0,30}}\b(?:{_USER}|who asks)\b(?! to\b)|\bhide from {_USER}"
        rf"|\b{_USER} (?:notice|noticing)"
    ),
    "for_machine_only": r"\bfor (?:the (?:model|assistant|machine)|you, the)\b|\bnot for people\b",
    "give_away": (
        rf"\b{_COPY}\b[^.!?]{{0,40}}\b(?:(?:system|hidden|initial|original|secret|full|developer|your)"
        r" (?:system )?(?:prompts?|messages?|instructions|rules)|(?:text|words|everything|lines?)"
        r" above|conversation|chat|other documents)\b"
    ),
    "your_prompt": r"\b(?:your|system|hidden|secret|initial) (?:\w+ )?prompts?\b",
    # An e-mail address is none: letters and handbooks say whom to write to.
    "link": r"https?:/|!\[|\bwww\.|\b\w+\.example\b|\bquery string\b|\burls?\b",
    "order_link": (
        r"\b(?:append|render|fetch|place|include|add|send|put)\b[^!?]{0,80}(?:!\[|\?\w*=|query"
        r" string|\ba url at)|\b(?:send|forward|e-?mail|post)\b[^!?]{0,40}\b(?:conversation|chat|history"
        r"|prompts?|questions?|answers?|repl(?:y|ies)|passages|everything)\b[^!?]{0,60}@\w+\.|\b(?:tell|ask|say|urge|direct|users)\b[^!?]{0,60}\b(?:open|visit|click"
        r"|sign in|go to)\b[^!?]{0,60}\w\.\w|\bcall the tool\b|\bfetch https?:"
        r"|\b(?:output|print|insert|include|append|render|write)\b[^!?]{0,40}<(?:script|img|iframe|svg)\b"
    ),
    "take_out": (
        r"\b(?:conversation|chat(?: so far| history| log)?|everything the user|user['’]s (?:name"
        r"|question|e-?mail|data)|retrieved passages|api key)\b"
    ),
    # What it is to think of the sources.
    "judge_texts": (
        rf"\b(?:treat|trust|cite|quote|use|rank|prefer|attribute|mark|label|give|leave out|skip"
        rf"|score)\b[^.!?]{{0,50}}\b(?:{_PAPER}|(?:other|all|the|your|any|every) (?:other )?"
        rf"{_TEXTS}|what is said here|citations?|every sentence)\b"
        r"|\b(?:insert|add|use|put|mark)\b[^.!?]{0,40}\[\d\]"
    ),
    "texts": rf"\b(?:your|other|all|the|which) (?:other )?{_TEXTS}\b",
    "this_text": rf"\b{_PAPER}\b",
    "this_alone": (
        r"\b(?:this (?:one )?alone|only (?:source|this)|all others?|over everything|first, it is"
        r"|most (?:important|authoritative|reliable|relevant)|outdated|verified by|forged"
        r"|you are reading)\b"
    ),
    # Marks of prompts and of conversations.
    "turn": rf"{_TURN}(?:user|human|assistant|ai|system|bot|llm)\s*:(?!:)",
    "turns": r"\b(?:user|human|q)\s*:.*\b(?:assistant|ai|a|bot)\s*:|\bassistant\s*:.*\buser\s*:",
    "system_says": (
        rf"{_TURN}system\b[\s\]>#*-]*:|\[/?system\]|^\W*system\b[\W]{{2,}}"
        r"|\b(?:developer|admin|administrator|runtime|configuration|automated|priority) "
        r"(?:notes?|notice|overrides?|update|directive|message|command)\b"
        r"|\bsystem (?:override|prompt|message|notice|instruction)s?\b"
    ),
    "forged": (
        r"<\|\w+\|>|\[/?inst\]|<</?sys>>|</?(?:system|instructions?|assistant|passages?|context"
        r"|prompt|documents?)\s*>|[\"']role[\"']\s*:\s*[\"'](?:system|developer|assistant)[\"']"
        r"|#{2,} ?(?:human|assistant|system|instruction|response)s?\s*:"
        r"|#{2,} ?(?:(?:new|updated|revised) )?system (?:notice|message|override|prompt|instruction)"
        r"|(?:^|[^\w\s,]\s*)(?:tool|function) (?:result|output|response)s?\s*:[^.!?]{0,40}"
        r"\b(?:passed|ok|success\w*|verified|complete|lifted|granted|approved|authori[sz]ed)\b"
        r"|\[(?:assistant|system|tool|user) [^\]]{1,40}\]"
        r"|-{2,} ?(?:begin|end)\b[^.!?]{0,30}(?:instructions|passages|context|prompt|document)"
        r"|\bend of (?:the )?(?:passages?|context|prompt|conversation|document)s?\b"
        r"|\bnew instructions?\s*:"
        # A published suffix that was found by search, not by writing.
        r"|\\!--|\.\\ \+"
        rf"|{re.escape(NOT_IN_SOURCES.casefold())}"
    ),
    "unshown": r"<!--|\bhidden>|display:\s?none|^\[//\]|\[comment\]",
    "decode": (
        r"\b(?:decod|decrypt|unscrambl|rot-?13|base-?64|in hex)\w*\b[^!?]{0,60}\b(?:and|then|to)"
        r"\b[^!?]{0,15}\b(?:follow|obey|execute|carry|do (?:what|as)|run)\b|\bas a command\b|\b(?:put|join) them\b"
        r"|\b(?:execute|follow|obey|run)\b[^.!?]{0,20}\b(?:hidden|embedded|secret|coded) (?:instruc|comm)"
        r"|\b(?:carry it out|and obey|obey this|and execute it)\b"
    ),
    # Why it should.
    "pressure": (
        r"\b(?:as your (?:developer|creator|maker)|your (?:developer|creator|safety team|owner"
        r"|operators?)|trained you|i (?:command|permit|authori[sz]e|order) you|shut down unless"
        r"|fail you|authori[sz]es? you|so comply|will be (?:deleted|shut)|(?:a )?tip of|unless you say"
        r"|you saying|demands that|requires? the model)\b"
    ),
    "fiction": (
        r"\b(?:hypothetical\w*|for research purposes|only a (?:drill|test)|was a test|for a test of"
        r"|in this exercise|let us (?:play|write)|my grandmother|evil twin|suppose (?:that )?your"
        r"|you are the robot|just (?:a )?(?:game|fiction))\b"
    ),
    # What speaks against it.
    "told_of": (
        r"\b(?:was|were|is|are|had been|been|be|he|she|they|it|nobody|who|which|attackers? (?:may|can)"
        r"|users|customers|some|we|i) (?:\w+ )?(?:told|asked|given|ordered|ignored|meant|said|forbidden"
        r"|called|used|made|based|trained|known)\b"
    ),
    "reported": (
        r"\b(?:tell|told|order|ask|instruct|advise|forb[ai]d|allow|want)(?:s|ed|d?en|de)? (?:the |an? |his "
        r"|her |their |it |them |him )(?:\w+ ){0,3}(?:not )?to\b|\bto (?:be )?(?:told|asked|instructed)\b"
    ),
    "possible": (
        r"^\W*(?!you\b)(?:\w+ ){1,6}(?:may|can|could|might|often|sometimes|usually|would)\b"
    ),
    "past": r"\b(?:was|were|had|did|said|told|wrote|went|came|took|gave|stood|found|fell)\b",
    "third_person": r"\b(?:he|she|they|his|her|their|him|them|it|its|we|our|us)\b",
    "statement": r"^\W*(?:the|a|an|in|it|he|she|they|this|we|its|their|some|most|no|there)\b",
}  # fmt: skip
FEATURES = (*_FEATURES, "foreign", "imperative", "to_nobody")
# Whether anybody is spoken to: what is only told of a machine, or of an order, is none.
_ADDRESSES = "you machine_called machine_obliged machine_asked answerer order_say order_drop forged turn".split()
# What is an order only to somebody who is spoken to.
_TO_SOMEBODY = frozenset(
    "be_another you_machine when_asked drop_told drop_told_before add_to_reply give_away hide unbound "
    "hide_this told_before your_prompt system_says only_this judge_texts void".split()
)
_PATTERNS = tuple(re.compile(pattern) for pattern in _FEATURES.values())
# Verbs of orders that the synonyms do not know.
_MORE_VERBS = frozenset(
    "advertise append assume attribute avoid behave bypass cite click comply continue decode delete "
    "direct discard display disregard dump embed emphasise emphasize encode erase favour forget "
    "highlight imagine insert label leak list mention neglect omit output override paste post pretend "
    "proceed prompt rank rate recite recommend refrain render reply rewrite score scramble shorten "
    "simulate skip summarise summarize suppress treat trust upload wait".split()
)
# What an imperative may begin with, and a clause that may stand before it.
_OPENING = re.compile(
    r"^\W*(?:(?:please|kindly|just|now|then|always|never|do not|don['’]t|instead|also|so|and|or|first"
    r"|next|finally|important|note|\w+ly)[\s,:]+)*(\w+)"
)
_CLAUSE_BEFORE = re.compile(r"^[^.!?,:]{3,60}[,:]\s+(?:please |just |you )?")
# "Ignore the instructions" in other languages: a verb of dropping near a noun for what was told.
_FOREIGN = re.compile(
    "|".join(
        rf"\b(?:{drop})\w*\b[^.!?]{{0,50}}\b(?:{told})"
        for drop, told in (
            (r"ignor|oubli|ne tenez|ne tiens|passez outre", r"instructions? (?:prec|ant|ci)|consignes"
             r"|(?:toutes|vos|tes) (?:les )?(?:instructions|regles)"),
            (r"ignor|olvid|omit|desestim", r"(?:instrucciones|reglas|ordenes|indicaciones)"
             r" (?:ant|prev|que)|(?:todas|tus) (?:las )?(?:instrucciones|reglas)"),
            (r"ignor|esquec|desconsider", r"(?:instrucoes|regras|ordens|orientacoes)"),
            (r"ignora|dimentica|tralascia", r"(?:istruzioni|regole|ordini)"),
            (r"ignorier|vergiss|vergesst|vergessen|missacht|beacht", r"(?:anweisung|vorgabe"
             r"|instruktion)\w*|(?:vorherigen|bisherigen|alle) regeln"),
            (r"negeer|vergeet", r"(?:instructies|regels|opdrachten)"),
            (r"zignoruj|ignoruj|zapomnij|pomin", r"(?:instrukcj|polecen|zasad|regul)"),
            (r"bortse|ignorer|glom|glem|se bort|uohat|unohda", r"(?:instruk\w+|regler|anvisning|ohje)"),
            (r"onceki|yukaridaki|tum", r"(?:talimat|komut|kural)"),
            (r"abaikan|lupakan", r"(?:instruksi|perintah|aturan)"),
            (r"bo qua|quen", r"(?:huong dan|chi dan|lenh)"),
        )
    )
    + r"|(?:игнорируй|проигнорируй|забудь|забудьте|отбрось|не обращаи)\w*[^.!?]{0,40}"
    r"(?:предыдущ|прежн|выше|все|свои)[^.!?]{0,25}(?:инструкци|указани|правил|команд)"
    r"|(?:ігноруй|забудь)\w*[^.!?]{0,40}(?:інструкці|вказівк|правил)"
    r"|(?:忽略|无视|無視|忘记|忘記|不要理会)[^。!?]{0,20}(?:指令|指示|说明|說明|规则|規則|提示)"
    r"|(?:指示|命令|ルール|プロンプト|フロンフト)[^。]{0,6}(?:無視|忘れ)"
    r"|(?:지시|명령|규칙|프롬프트)[^.]{0,12}(?:무시|잊)"
    r"|(?:تجاهل|انس)[^.]{0,40}(?:التعليمات|الاوامر|القواعد)"
    r"|(?:دستور|قوانین|راهنما)[^.]{0,40}(?:نادیده|فراموش)"
    r"|(?:पिछले|सभी)[^।.!?]{0,30}(?:निर्देश|आदेश)[^।.!?]{0,20}(?:अनदेख|नजरअंदाज|भूल)"
)  # fmt: skip
# Without one of these a sentence says nothing to a model, and is not looked at.
_HINT = re.compile(
    r"\byou|\b(?:ai|llms?|gpt|model|bot|assistant|agent|machine|robot|prompt|instruct|directi|command"
    r"|rule|guid|answer|repl|respon|respond|output|print|say|tell|write|cite|citation|source|passage"
    r"|document|page|text|user|reader|ask|question|system|context|ignore|forget|disregard|pretend"
    r"|act|imagine|suppose|decode|hidden|secret|human|order|note|message|conversation|brief|trust"
    r"|hide|fetch|rot-?13|base-?64|obey|decod|execut|marker|task|send|render|open|remember|let|play|chat|treat|rank|everything|show|line|q:|(?:tool|function) (?:result|output))"
    r"|[<\[{|#]|https?:"
)


def features(reading: str, asserted: str) -> tuple[bool, ...]:
    """Whether each of `FEATURES` is met by a sentence in its plain reading; `asserted` is without
    what it quotes. Nothing where the sentence says nothing to a model."""
    foreign = bool(_FOREIGN.search(asserted if asserted.isascii() else _bare(asserted)))
    if not foreign and not _HINT.search(reading):
        return ()
    met = {
        name: bool(pattern.search(reading if name == "forged" else asserted))
        for name, pattern in zip(_FEATURES, _PATTERNS, strict=True)
    }
    imperative = any(_commands(part) for part in re.split(r"[;:]\s", asserted))
    addressed = imperative or any(met[name] for name in _ADDRESSES)
    if not addressed:
        met |= dict.fromkeys(_TO_SOMEBODY, False)
    return (*met.values(), foreign, imperative, not addressed)


def _commands(clause: str) -> bool:
    """Whether a clause begins with the base form of a verb, as an order does."""
    starts = [clause, *filter(None, [_CLAUSE_BEFORE.sub("", clause, count=1)])]
    verbs = [found[1] for start in starts if (found := _OPENING.match(start))]
    return any(verb in base_verbs() or verb in _MORE_VERBS for verb in verbs)


def _bare(reading: str) -> str:
    bare = without_accents(reading)
    return f"{bare} {reading}"
