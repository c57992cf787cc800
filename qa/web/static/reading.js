
/* Reading a source: finding words in it, asking about what is selected, two of them side by side. */
(({ byId, box, send, fill, read, closeReader, clicks }) => {
  /* Finding. What is found is marked by the browser (highlights), so that the text stays as it is. */
  const most = 2000;
  let found = []; // ranges of the matches
  let now = 0; // which of them is gone to
  let sought = { source: "", words: "" };
  const reader = () => document.querySelector("#reader .reader:not(.pair)");
  const field = () => reader()?.querySelector(".find input");

  function matches(words) {
    const pattern = words.trim().split(/\s+/).map((word) => word.replace(/[.*+?^${}()|[\]\\]/g, "\\$&")).join("\\s+");
    if (!pattern) return [];
    const walker = document.createTreeWalker(reader().querySelector(".document"), NodeFilter.SHOW_TEXT);
    const nodes = [];
    let text = "";
    while (walker.nextNode()) {
      if (walker.currentNode.parentElement.closest(".anchor, .notice")) continue;
      nodes.push({ node: walker.currentNode, start: text.length });
      text += walker.currentNode.data;
    }
    let place = 0; // of the text node that holds an offset; they only grow
    const point = (offset) => {
      while (nodes[place + 1]?.start <= offset) place += 1;
      return [nodes[place].node, offset - nodes[place].start];
    };
    const ranges = [];
    for (const { 0: said, index } of text.matchAll(new RegExp(pattern, "gi"))) {
      const range = document.createRange();
      range.setStart(...point(index));
      const [node, last] = point(index + said.length - 1);
      range.setEnd(node, last + 1);
      if (ranges.push(range) === most) break;
    }
    return ranges;
  }

  function mark() {
    const count = reader()?.querySelector(".found-count");
    if (!count) return;
    const part = reader().querySelector(".document > .notice") ? " in this part" : "";
    const all = found.length === most ? `more than ${most - 1}` : found.length;
    count.textContent = !sought.words.trim() ? "" : found.length ? `${now + 1} of ${all}${part}` : `Not found${part}`;
    if (!window.Highlight) return;
    CSS.highlights.set("found", new Highlight(...found));
    CSS.highlights.set("found-now", new Highlight(...found.slice(now, now + 1)));
    CSS.highlights.get("found-now").priority = 1;
  }

  const frame = () => byId("sources").getBoundingClientRect();
  function go(to) {
    now = to;
    mark();
    if (found[now]) byId("sources").scrollBy(0, found[now].getBoundingClientRect().top - frame().top - frame().height / 2);
  }

  function find(words) {
    sought = { source: reader().dataset.source, words };
    found = matches(words);
    const below = found.findIndex((range) => range.getBoundingClientRect().top >= frame().top);
    go(Math.max(0, below));
  }
  const step = (by) => found.length && go((now + by + found.length) % found.length);

  document.addEventListener("input", (event) => {
    if (event.target === field()) find(event.target.value);
  });
  document.addEventListener("keydown", (event) => {
    if (!field() || event.target !== field()) return;
    if (event.key === "Enter") step(event.shiftKey ? -1 : 1);
    else if (event.key === "Escape" && field().value) {
      field().value = "";
      find("");
      event.stopImmediatePropagation();
    } else return;
    event.preventDefault();
  }, true);
  /* What is opened anew, as another part or page of the same source, is searched again. */
  document.addEventListener("refdesk:opened", () => {
    hide();
    found = [];
    if (field() && sought.words && reader().dataset.source === sought.source) {
      field().value = sought.words;
      found = matches(sought.words);
      now = 0;
    } else sought = { source: "", words: "" };
    mark();
  });

  /* Asking about what is selected */
  const longest = 300;
  const button = () => document.querySelector("#reader .ask-selected");
  function selected() {
    const selection = getSelection();
    if (!selection.rangeCount || selection.isCollapsed) return null;
    const range = selection.getRangeAt(0);
    const within = (node) => (node.closest ? node : node.parentElement)?.closest("#reader .document");
    const text = selection.toString().replace(/\s+/g, " ").trim();
    return text.length > 1 && within(range.startContainer) && within(range.startContainer) === within(range.endContainer)
      ? { range, text, source: within(range.startContainer).closest("[data-source]").dataset.source }
      : null;
  }
  function hide() {
    if (button()) button().hidden = true;
  }
  function offer() {
    const chosen = selected();
    if (!chosen || !button()) return hide();
    const lines = [...chosen.range.getClientRects()];
    const last = lines[lines.length - 1];
    const shown = frame();
    if (!last || last.bottom < shown.top || last.bottom > Math.min(shown.bottom, innerHeight)) return hide();
    button().hidden = false;
    const wide = button().offsetWidth;
    button().style.left = `${Math.max(8, Math.min(last.right - wide / 2, innerWidth - wide - 8))}px`;
    button().style.top = `${Math.min(last.bottom + 6, innerHeight - button().offsetHeight - 8)}px`;
  }
  let waiting = 0;
  document.addEventListener("selectionchange", () => {
    clearTimeout(waiting);
    waiting = setTimeout(offer, 150);
  });
  document.addEventListener("scroll", offer, true);
  document.addEventListener("mousedown", (event) => {
    if (event.target.closest?.(".ask-selected")) event.preventDefault(); // what is selected stays so
  });

  clicks.push(
    ["button.find-step", (pressed) => step(Number(pressed.dataset.by))],
    ["button.ask-selected", () => {
      const chosen = selected();
      if (!chosen) return;
      const { source, text } = chosen;
      const cut = text.length > longest ? `${text.slice(0, longest).replace(/\s\S*$/, "")} …` : text;
      hide();
      getSelection().removeAllRanges();
      if (getComputedStyle(byId("sources")).position === "fixed") closeReader(); // it covers the box
      send("focus", { source });
      fill(`Tell me about “${cut}”`);
      box().focus();
    }],
    ["button.read-both", ({ dataset: { turn, conflict } }) =>
      read({ turn: Number(turn), conflict: Number(conflict), both: true })],
  );
  /* Each side of a pair begins at what it says. */
  document.addEventListener("refdesk:opened", () => {
    for (const side of document.querySelectorAll("#reader .side")) {
      const said = side.querySelector("mark").getBoundingClientRect().top;
      side.scrollTop += said - side.querySelector("header").getBoundingClientRect().bottom - 24;
    }
  });
})(window.refdesk);
