/* What Gradio has no part for: citations that open, passages that are scrolled to, copying, saving.
   It only moves, shows and hides what Python rendered; it never makes HTML of text. */
(() => {
  const byId = (id) => document.getElementById(id);
  /* A log-in or a page that the server no longer knows is told in words, not as a broken line. */
  const lapses = {
    401: ["Your log-in has ended. ", "Log in again"],
    410: ["The server has closed this page, which was long unused, to save memory. ", "Reload it"],
  };
  const unguarded = window.fetch;
  window.fetch = async (...what) => {
    const answer = await unguarded(...what);
    const lapse = lapses[answer.status];
    if (lapse && !byId("lapsed")) {
      const note = document.createElement("p");
      const link = document.createElement("a");
      note.id = "lapsed";
      note.setAttribute("role", "alert");
      link.href = location.href;
      [note.textContent, link.textContent] = lapse;
      note.append(link);
      document.body.prepend(note);
    }
    return answer;
  };
  const smooth = () =>
    matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  const box = () => document.querySelector("#question textarea");
  /* Gradio hands the trigger over a moment after the page is shown, and what the page loads with
     comes later still. */
  const early = window.refdeskEarly;
  const send = (name, data, tries = 200) => {
    if (window.refdeskTrigger && (early.loaded || !box())) window.refdeskTrigger(name, data);
    else if (tries) setTimeout(send, 50, name, data, tries - 1);
  };
  const number = (value) => (value === undefined ? undefined : Number(value));
  let open = null; // the card of a citation that is shown
  let done = null; // the citation that was clicked: its card has been seen
  let asked = null; // the document that was asked for last, until the reader is closed
  let askings = 0;
  let from = null; // what was focused before it
  let turns = 0;
  let pinned = 0; // the turn whose passages were asked for by a click
  let scope = []; // what was chosen last, in each of its controls
  let arrival = 0; // when a new turn will have come to the top

  const ready = () => {
    if (early.loaded) return;
    early.loaded = true;
    if (early.asked) document.querySelector("#question button.submit-button")?.click();
    else if (!askLinked() && !readLinked()) bringDraft();
  };
  setTimeout(ready, 10000); // should loading fail
  /* A link with a question asks it. */
  function askLinked() {
    const question = new URLSearchParams(location.search).get("q");
    if (question && box() && !document.querySelector(".turn")) send("submit", { question });
    return question;
  }
  /* And one with the id of a source opens it. */
  function readLinked() {
    const source = new URLSearchParams(location.search).get("read");
    if (source && box()) read({ source }, undefined, null);
    return source;
  }
  /* Colours: as the system has them, or as was chosen here. */
  const colours = (name) => document.body.classList.toggle("dark", name === "dark");
  try {
    if (localStorage.refdeskColours) colours(localStorage.refdeskColours);
  } catch { /* without storage the choice lasts as long as the page */ }

  /* Passages */
  function show(id, behavior = smooth()) {
    const target = byId(id);
    if (!target) return;
    const group = target.closest(".passages");
    if (group) {
      closeReader();
      pinned = number(group.dataset.turn);
      showPassages(pinned);
      for (const card of document.querySelectorAll(".card.lit")) card.classList.remove("lit");
      target.classList.add("lit");
    } else {
      target.tabIndex = -1;
    }
    const mark = target.querySelector("mark");
    const tall = target.offsetHeight > innerHeight * 0.7;
    (tall && mark ? mark : target).scrollIntoView({ block: group ? "center" : "start", behavior });
    target.focus({ preventScroll: true });
  }

  /* The panel shows the passages of the turn in view: of the last that begins in the upper part of
     the conversation, or of the one that was clicked, as long as any of it is in sight. */
  function showPassages(turn) {
    const group = document.querySelector(`.passages[data-turn="${turn}"]`);
    if (!group?.hidden) return; // it is there, or cites nothing
    for (const other of document.querySelectorAll(".passages")) other.hidden = other !== group;
    if (!reading()) byId("sources").scrollTo({ top: 0 });
  }

  function followView() {
    const chat = byId("chat");
    if (!chat || performance.now() < arrival) return;
    const alone = getComputedStyle(chat).overflowY === "visible"; // one column: the page scrolls
    const frame = chat.getBoundingClientRect();
    const top = alone ? 0 : frame.top;
    const height = alone ? innerHeight : frame.height;
    const line = top + height * 0.4;
    if (alone && byId("sources").getBoundingClientRect().top < line) return; // the cards are read
    const edges = (turn) => byId(`turn-${turn}`)?.getBoundingClientRect();
    const held = pinned && edges(pinned);
    if (held && held.bottom > top + 40 && held.top < top + height - 40) return;
    pinned = 0;
    let seen = 1;
    while (edges(seen + 1)?.top <= line) seen += 1;
    showPassages(seen);
  }

  let settling = 0;
  document.addEventListener("scroll", (event) => {
    if (event.target.id === "sources") return;
    clearTimeout(settling);
    settling = setTimeout(followView, 100);
  }, true);

  const reading = () => Boolean(byId("sources")?.classList.contains("reading"));

  function closeReader() {
    byId("sources")?.classList.remove("reading", "both");
    asked = null;
  }

  /* Each asking has a number, which stands in what comes: the same document comes anew, and one that
     comes late is known. */
  function read(data, id, link = document.activeElement) {
    from = link;
    askings += 1;
    asked = { data, id, number: askings, shown: false };
    send("select", { ...data, asking: askings });
  }

  function at(target) {
    for (const lit of document.querySelectorAll(".anchor.lit")) lit.classList.remove("lit");
    target.classList.add("lit");
    target.scrollIntoView({ block: "center", behavior: "auto" });
    target.focus({ preventScroll: true });
  }

  /* What can be asked next comes after the answer, and stands below it, if that is still the last. */
  function showNext() {
    const next = document.querySelector("#next .next");
    const place = document.querySelector(".next-place");
    const is = next && place?.dataset.for === next.dataset.for;
    if (is && place.textContent.trim() !== next.textContent.trim())
      place.replaceChildren(next.cloneNode(true));
  }

  /* The card of a citation */
  function close() {
    if (open) open.classList.remove("open");
    open = null;
  }

  function place(cite) {
    const tip = cite.querySelector(".tip");
    if (!tip || tip === open || cite === done) return;
    close();
    open = tip;
    tip.classList.add("open");
    const chip = cite.getBoundingClientRect();
    const edge = cite.closest("#chat")?.getBoundingClientRect().right ?? innerWidth;
    const left = Math.min(Math.max(8, chip.left - 24), edge - tip.offsetWidth - 8);
    const above = chip.top - tip.offsetHeight;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${above >= 8 ? above : chip.bottom}px`;
  }

  const citeOf = (event) => (event.target.closest ? event.target.closest(".cite") : null);
  for (const name of ["mouseover", "focusin"]) {
    document.addEventListener(name, (event) => {
      const cite = citeOf(event);
      if (cite !== done) done = null;
      if (cite) place(cite);
      else close();
    });
  }
  document.addEventListener("focusout", close);
  document.addEventListener("scroll", close, true);

  /* The drawer of conversations */
  function drawer(shown) {
    showDrawer("history", shown);
    if (!shown) return;
    send("change", { do: "list" });
    byId("history").querySelector("input, textarea")?.focus();
  }

  /* The dossier: what is pinned is marked in the answers; who moves a pin stays on its button. */
  let kept = null; // what to focus when the dossier is made anew
  const inDossier = () => Boolean(byId("dossier")?.classList.contains("open"));
  // What is typed goes with every deed, since two that are sent at once may come the other way round.
  function typed(kind) {
    const said = [];
    for (const item of document.querySelectorAll(kind)) {
      const words = [...item.querySelectorAll("[data-name]")];
      if (words.every((one) => one.value === one.defaultValue)) continue;
      said.push({ id: item.dataset.id, ...Object.fromEntries(words.map((one) => [one.dataset.name, one.value])) });
    }
    return said;
  }
  const pin = (deed) => send("apply", { ...deed, said: typed(".pinned"), open: inDossier() });
  function showDrawer(name, shown) {
    if (shown) closeDrawers();
    byId(name).classList.toggle("open", shown);
    byId(`open-${name}`).setAttribute("aria-expanded", String(shown));
  }
  function closeDrawers() {
    for (const other of document.querySelectorAll(".drawer.open")) showDrawer(other.id, false);
  }
  function showDossier(shown) {
    showDrawer("dossier", shown);
    if (!shown) return;
    kept = {};
    pin({ do: "list" });
  }
  function markPins() {
    const pins = document.querySelector("#dossier .pins");
    const ids = new Set(pins?.dataset.ids.split(" "));
    for (const button of document.querySelectorAll("button.pin"))
      button.setAttribute("aria-pressed", String(ids.has(button.dataset.id)));
    if (pins?.querySelector(".problem") && !inDossier()) showDossier(true);
    if (!kept || !pins) return;
    const item = pins.querySelector(`[data-id="${kept.id}"]`);
    const wanted = item?.querySelector(`[data-do="${kept.deed}"]:enabled`) // first or last by now: the other
      ?? item?.querySelector(".pin-deed:enabled") ?? pins.querySelector("h2");
    if (wanted) kept = null;
    wanted?.focus();
  }
  document.addEventListener("change", (event) => {
    if (event.target.closest?.(".pinned")) pin({ do: "describe" });
  });

  /* Keys: to the box, back to the last question, help. */
  document.addEventListener("keydown", (event) => {
    const { key, target } = event;
    if (!box() || event.altKey || byId("help").open) return;
    const typing = target.matches?.("input, textarea, select, [contenteditable]");
    const commanded = event.ctrlKey || event.metaKey;
    const last = [...document.querySelectorAll(".turn:has(button.edit) .question")].pop();
    if (commanded ? key === "k" : key === "/" && !typing) box().focus();
    else if (key === "?" && !typing && !commanded) byId("help").showModal();
    else if (key === "ArrowUp" && target === box() && !box().value && last) fill(last.textContent);
    else return;
    event.preventDefault();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key !== "Escape" || byId("help")?.open) return;
    const back = from;
    const libraries = byId("libraries");
    if (open) close();
    else if (libraries?.open) {
      libraries.open = false;
      libraries.querySelector("summary").focus();
    } else if (byId("history")?.classList.contains("open")) {
      drawer(false);
      byId("open-history").focus();
    } else if (inDossier()) {
      document.activeElement.blur(); // what is typed is kept
      showDossier(false);
      byId("open-dossier").focus();
    } else if (reading()) {
      closeReader();
      back?.focus();
    }
  });

  function copy(button) {
    const { copy: text, link } = button.dataset;
    const said = button.textContent;
    const tell = (word) => {
      button.textContent = word;
      setTimeout(() => (button.textContent = said), 1600);
    };
    const page = location.origin + location.pathname.replace(/[^/]*$/, "");
    navigator.clipboard.writeText(text ?? page + link).then(
      () => tell("Copied"),
      () => tell("The browser does not allow copying"),
    );
  }

  /* What a person says of an answer; while another one grows, it waits. */
  const judgements = [];
  function judge(said) {
    if (said) judgements.push(said);
    if (document.querySelector(".working")) return;
    for (const one of judgements.splice(0)) send("like", one);
  }
  const note = (input) => judge({ turn: number(input.dataset.turn), note: input.value });
  document.addEventListener("change", (event) => {
    if (event.target.matches?.(".note input")) note(event.target); // also on Enter
  });
  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches?.(".talk-more input"))
      event.target.closest("p").querySelector("button").click();
  });

  /* A question that is typed and not asked outlives the page; metadata that are not saved, a word
     before leaving. A log-in that has ended leads to the page to log in on, and back. */
  let unsaved = false;
  function fill(text) {
    box().value = text;
    box().dispatchEvent(new Event("input", { bubbles: true }));
  }
  function keepDraft() {
    try {
      if (box()) sessionStorage.refdeskDraft = box().value;
    } catch { /* without storage it lasts as long as the page */ }
  }
  function bringDraft() {
    try {
      if (box() && !box().value && sessionStorage.refdeskDraft) fill(sessionStorage.refdeskDraft);
    } catch { /* as above */ }
  }
  window.addEventListener("pagehide", keepDraft);
  document.addEventListener("input", (event) => {
    if (event.target.closest?.("#shelf-form")) unsaved = true;
  });
  window.addEventListener("beforeunload", (event) => {
    if (unsaved) event.preventDefault();
  });
  const fetchOfPage = window.fetch;
  window.fetch = async (...request) => {
    const response = await fetchOfPage(...request);
    if (response.status === 401) {
      unsaved = false;
      location.assign(`/login?then=${encodeURIComponent(location.pathname + location.search)}`);
    }
    return response;
  };

  function talk(button) {
    const { do: what, id } = button.dataset;
    if (what === "open") {
      if (document.querySelector(".working")) return;
      drawer(false);
      closeReader();
      turns = 0;
      send("edit", { id });
    } else if (what === "rename") {
      send("change", { do: what, id, title: button.closest("p").querySelector("input").value });
    } else if (["share", "unshare", "delete", "restore"].includes(what)) {
      send("change", { do: what, id });
    } else {
      send("download", { do: what, id, turn: number(button.dataset.turn) });
    }
  }

  /* What a click on each kind of thing does; the first that fits. */
  const clicks = [
    ["a.chip", (link) => {
      const id = link.getAttribute("href").slice(1);
      const [, turn, place] = id.split("-").map(Number);
      if (!reading()) show(id);
      read({ turn, number: place }, `read-${turn}-${place}`, link);
    }],
    ["a.chip-like, a.back", (link) => show(link.getAttribute("href").slice(1))],
    ["a.jump", (link) => {
      const id = link.getAttribute("href").slice(1);
      const target = byId(id);
      const { turn, source } = link.closest(".reader").dataset;
      // A printed page must be that of the place.
      if (target && asked?.shown && !byId("sheet")) at(target);
      else read({ turn: number(turn), source, at: number(link.dataset.at) }, id, null);
    }],
    ["button.read", (button) => {
      const { turn, number: place, considered, conflict, source, at: start, to } = button.dataset;
      closeDrawers();
      read(
        {
          turn: number(turn),
          number: number(place),
          considered: number(considered),
          conflict: number(conflict),
          source,
          at: number(start),
          to: number(to),
        },
        (turn || to) && `read-${turn ?? 0}-${place ?? 0}`,
      );
    }],
    ["button.pick", (button) => {
      for (const other of document.querySelectorAll(".pick[aria-current]")) other.removeAttribute("aria-current");
      button.setAttribute("aria-current", "true");
      send("select", { source: button.dataset.source });
    }],
    ["button.turn-page", (button) => {
      const { turn, source } = button.closest(".reader").dataset;
      read({ turn: number(turn), source, page: number(button.dataset.page) }, "sheet", null);
    }],
    /* Among all passages, to the one that was opened, at once: what was seen before is not on the
       way to it; else to what was clicked. */
    ["button.close-reader", () => {
      const back = from;
      closeReader();
      if (back?.matches(".chip") && byId(back.hash.slice(1))) show(back.hash.slice(1), "auto");
      else back?.focus();
    }],
    ["button.copy", copy],
    ["button.rebuild-now", () => {
      const tabs = [...document.querySelectorAll("#shelf-side [role=tab]")];
      tabs.find((tab) => tab.textContent.trim() === "Rebuild")?.click();
      const press = (tries = 100) => { // Gradio makes what is on a tab when it is shown
        if (byId("rebuild")) byId("rebuild").click();
        else if (tries) setTimeout(press, 50, tries - 1);
      };
      press();
    }],
    ["#shelf-deeds button.primary", () => (unsaved = false)],
    ["button.edit", (button) => {
      fill(button.closest(".turn").querySelector(".question").textContent);
      box().focus();
    }],
    ["button.report", (button) => send("submit", { question: button.dataset.question })],
    ["button.example", (button) => send("submit", { question: button.textContent })],
    ["button.wider", (button) => send("submit", { question: button.dataset.question, wide: true })],
    ["button.rate", (button) =>
      judge({
        turn: number(button.dataset.turn),
        right: button.getAttribute("aria-pressed") === "true" ? null : button.dataset.right === "Yes",
      })],
    ["button.save-note", (button) => note(button.closest(".verdict").querySelector("input"))],
    ["button.talk", talk],
    ["button.pin", (button) => {
      const { id, turn } = button.dataset;
      pin({ do: button.getAttribute("aria-pressed") === "true" ? "remove" : "pin", id, turn: number(turn) });
    }],
    ["button.pin-deed", (button) => {
      const { id } = button.closest(".pinned").dataset;
      const { do: deed } = button.dataset;
      kept = deed === "remove" ? {} : { id, deed };
      pin({ do: deed, id });
    }],
    ["#open-dossier", () => showDossier(!inDossier())],
    ["button.close-dossier", () => {
      showDossier(false);
      byId("open-dossier").focus();
    }],
    ["a.skip", (link) => {
      const to = document.querySelector(link.hash);
      const field = to.querySelector("textarea") ?? to;
      if (field === to) to.tabIndex = -1;
      field.focus();
    }],
    ["#open-help", () => byId("help").showModal()],
    ["#open-history", () => drawer(!byId("history").classList.contains("open"))],
    ["#log-out", () => {
      if (box()) fill("");
      fetch("/logout", { method: "POST", redirect: "manual" }).finally(() => location.assign("/login"));
    }],
    ["#colours", () => {
      const name = document.body.classList.contains("dark") ? "light" : "dark";
      colours(name);
      try {
        localStorage.refdeskColours = name;
      } catch { /* as above */ }
    }],
  ];
  document.addEventListener("click", (event) => {
    for (const menu of document.querySelectorAll("details:is(.save, #libraries)[open]"))
      if (!menu.contains(event.target) || event.target.closest("button")) menu.open = false;
    const turn = event.target.closest?.(".turn");
    if (turn) {
      pinned = number(turn.id.slice("turn-".length));
      showPassages(pinned);
    }
    for (const [kind, act] of clicks) {
      const target = event.target.closest?.(kind);
      if (!target) continue;
      if (target.matches("a")) event.preventDefault();
      close();
      done = target.closest(".cite");
      act(target);
      return;
    }
  });

  window.refdesk = {
    // What the other scripts build on.
    byId, box, send, fill, read, closeReader, typed, clicks, showDrawer,
    ready,
    /* Back to the box; not on a phone, where the keyboard would cover the answer. */
    focus() {
      if (matchMedia("(pointer: fine)").matches) box()?.focus({ preventScroll: true });
    },
    /* A new question comes to the top of the conversation, its passages to that of the panel. */
    follow() {
      const all = document.querySelectorAll(".turn");
      if (all.length > turns) {
        closeReader();
        pinned = 0;
        arrival = performance.now() + 700;
        setTimeout(followView, 750);
        all[all.length - 1].scrollIntoView({ block: "start", behavior: smooth() });
        // What was asked leaves the box, even where Gradio's own word of it was lost among others.
        const asked = all[all.length - 1].querySelector(".question")?.textContent.trim();
        const failed = all[all.length - 1].querySelector(".problem");
        if (asked && !failed && box()?.value.trim() === asked) fill("");
        byId("sources")?.scrollTo({ top: 0 });
      }
      if (all.length < turns) closeReader();
      turns = all.length;
      showNext();
      judge();
      markPins();
      const question = all[all.length - 1]?.querySelector(".question")?.textContent;
      const here = byId("libraries")?.dataset.here;
      document.title = [question, here, "Refdesk"].filter(Boolean).join(" · ");
      const id = document.querySelector(".talk-id")?.dataset.talk;
      if (id) history.replaceState(null, "", `?c=${encodeURIComponent(id)}`);
      else if (!all.length && new URLSearchParams(location.search).has("c"))
        history.replaceState(null, "", location.pathname);
    },
    /* The reader has another document: show it, at the passage that was asked for. */
    opened() {
      const reader = document.querySelector("#reader .reader");
      if (!reader || !asked) return;
      if (number(reader.dataset.asking) !== asked.number) {
        if (asked.shown) read(asked.data, asked.id, from); // an older one came late, in its place
        return;
      }
      asked.shown = true;
      byId("sources").classList.add("reading");
      byId("sources").classList.toggle("both", reader.matches(".pair"));
      document.dispatchEvent(new Event("refdesk:opened"));
      const sheet = byId("sheet");
      const target = asked.id && byId(asked.id);
      if (asked.id && sheet) {
        at(sheet);
        const mark = sheet.querySelector(".hl");
        (mark ?? sheet).scrollIntoView({ block: mark ? "center" : "start", behavior: "auto" });
      } else if (target) at(target);
      else {
        byId("sources").scrollTo({ top: 0 });
        reader.querySelector("h2").focus({ preventScroll: true });
      }
    },
    next: showNext,
    markPins,
    /* The panel was made anew, with the passages of the last turn. */
    panelled: followView,
    /* The scope that is chosen stands in the address, to be shared; it is given back once nothing
       more is chosen at the same time. */
    async link(chosen) {
      scope = chosen;
      await new Promise((settled) => setTimeout(settled, 60));
      const [sources, topics, standings, since, until] = scope;
      const query = new URLSearchParams();
      for (const [name, values] of [["source", sources], ["topic", topics], ["standing", standings]])
        for (const value of values ?? []) query.append(name, value);
      for (const [name, value] of [["from", since], ["to", until]]) if (value) query.set(name, value);
      const id = document.querySelector(".talk-id")?.dataset.talk;
      if (id) query.set("c", id);
      const text = query.toString();
      history.replaceState(null, "", text ? `?${text}` : location.pathname);
      return scope;
    },
    /* A file that Python wrote, saved by the browser. */
    save(file) {
      if (!file) return;
      const bytes = file.base64
        ? Uint8Array.from(atob(file.base64), (letter) => letter.charCodeAt(0))
        : file.text;
      const address = URL.createObjectURL(new Blob([bytes], { type: file.type }));
      const link = document.createElement("a");
      link.href = address;
      link.download = file.name;
      link.click();
      setTimeout(() => URL.revokeObjectURL(address), 10000);
    },
  };
})();
