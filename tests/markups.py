"""A small text of each light markup, for the tests of them and of what holds for all formats."""

import json

RST = """
Kite works
==========

:Keeper: Alma

Kites are *sewn* by :ref:`the club <club>` [1]_.

.. note:: Keep the line dry.

.. deprecated:: 2.1
   The ``wisp`` kite.

.. toctree::

   other

1. Cut the cloth.

   - Mind the edge.

.. code-block:: python
   :linenos:

   SPAN = 31

.. tab-item:: Linux

   Run the tool.

Bridle
   The lines.

====  ====
Kite  Span
====  ====
Wisp  31
====  ====

.. [1] In 1990.

.. function:: fly(kite)

   Fly a kite.

.. include:: /etc/passwd
"""
ORG = """#+TITLE: Kite works
# a remark
* TODO Kites :tag:
:PROPERTIES:
:ID: x
:END:
Kites are /sewn/ by [[https://example.org][the club]], +free+ now[fn:1].
1. Cut the cloth.
   - Mind the edge.
- Bridle :: The lines.
| Kite | Span |
|------+------|
| Wisp | 31 |
#+BEGIN_SRC python :results output
SPAN = 31
#+END_SRC
[fn:1] In 1990.
"""
ASCIIDOC = """= Kite works
Alma Reyes <alma@example.org>
:version: 3

Version {version} is *sewn* by https://example.org[the club].

. Cut the cloth.
.. Mind the edge.

NOTE: Keep it dry.

[WARNING]
====
Never in a storm.
====

[source,python]
----
SPAN = 31
----

|===
|Kite |Span

|Wisp
|31
|===

Bridle:: The lines.

include::other.adoc[]
"""
LATEX = r"""\documentclass{article}
\title{Kite works}
\begin{document}
\section{Kites}\label{sec:k}
Der \textbf{Drachen} ist sch\"on~\cite{a} und kostet 5\,\% mehr\footnote{In 1990.}. % a remark

\begin{enumerate}
\item Cut the cloth.
  \begin{itemize}
  \item Mind the edge.
  \end{itemize}
\end{enumerate}
\begin{tabular}{|l|r|}
\hline
Kite & Span \\ \hline
Wisp & 31 \\
\end{tabular}
\begin{lstlisting}[language=Python]
SPAN = 31 % kept
\end{lstlisting}
\begin{description}
\item[Bridle] The lines.
\end{description}
\end{document}
Never read.
"""
WIKI = """{{Infobox|name=x|{{y}}}}
== Kites ==
'''Kites''' are [[sewing|sewn]] by [https://example.org the club].<ref>Book</ref>
[[File:a.jpg|thumb|A [[kite]]]]
# Cut the cloth.
#* Mind the edge.
; Bridle : The lines.
{| class="wikitable"
! Kite !! Span
|-
| Wisp || style="x" | 31
|}
<syntaxhighlight lang="python">
SPAN = 31
</syntaxhighlight>
[[Category:Kites]]
"""
RTF = rb"""{\rtf1\ansi\ansicpg1252{\fonttbl{\f0 Arial;}}{\stylesheet{\s0 Normal;}{\s1 heading 1;}}
\pard\s1 Kites\par
\pard\plain Kites are {\b sewn} by Mich\'e8le \u1044?\u1072?. {\strike Free.} {\v hidden}So.\par
{\pntext \'b7\tab}\pard\ls1 Cut the cloth.\par
\trowd\intbl Kite\cell Span\cell\row\trowd\intbl Wisp\cell 31\cell\row
\pard After.\par}"""
CELLS = [
    {"cell_type": "markdown", "source": ["# Kites\n", "\n", "They cost ~~3~~ 4."]},
    {"cell_type": "code", "source": "print(31)", "outputs": [{"text": ["31\n"]}]},
    {"cell_type": "code", "source": "plot()", "outputs": [{"data": {"image/png": "x"}}]},
]
BOOK = json.dumps({"cells": CELLS, "metadata": {"kernelspec": {"language": "python"}}})
SRT = """1
00:00:01,000 --> 00:00:03,000
<i>The kite was sewn</i>

2
00:00:03,100 --> 00:00:05,000
in 1950 by Alma.

3
01:02:03,000 --> 01:02:05,000
Who flew it?
"""
VTT = "WEBVTT\n\nNOTE no\n\n00:01.000 --> 00:03.000 align:start\n<v Alma>It flew &amp; fell.\n"
