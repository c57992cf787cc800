/* What Gradio has no part for: citations that open, passages that are scrolled to, copying.
   It only moves, shows and hides what Python rendered; it never makes HTML of text. */
(() => {
  const smooth = () =>
    matchMedia("(prefers-reduced-motion: reduce)").matches ? "auto" : "smooth";
  const box = () => document.querySelector("#question textarea");
  let open = null;

  function show(id) {
    const target = document.getElementById(id);
    if (!target) return;
    const group = target.closest(".passages");
    if (group) {
      for (const other of document.querySelectorAll(".passages")) other.hidden = other !== group;
      for (const card of document.querySelectorAll(".card.lit")) card.classList.remove("lit");
      target.classList.add("lit");
    } else {
      target.tabIndex = -1;
    }
    const mark = target.querySelector("mark");
    const tall = target.offsetHeight > innerHeight * 0.7;
    (tall && mark ? mark : target).scrollIntoView({ block: group ? "center" : "start", behavior: smooth() });
    target.focus({ preventScroll: true });
  }

  function close() {
    if (open) open.classList.remove("open");
    open = null;
  }

  function place(cite) {
    const tip = cite.querySelector(".tip");
    if (!tip || tip === open) return;
    close();
    open = tip;
    tip.classList.add("open");
    const chip = cite.getBoundingClientRect();
    const left = Math.min(Math.max(8, chip.left - 24), innerWidth - tip.offsetWidth - 8);
    const above = chip.top - tip.offsetHeight;
    tip.style.left = `${Math.max(8, left)}px`;
    tip.style.top = `${above >= 8 ? above : chip.bottom}px`;
  }

  const citeOf = (event) => (event.target.closest ? event.target.closest(".cite") : null);
  for (const name of ["mouseover", "focusin"]) {
    document.addEventListener(name, (event) => {
      const cite = citeOf(event);
      if (cite) place(cite);
      else close();
    });
  }
  document.addEventListener("focusout", close);
  document.addEventListener("scroll", close, true);
  document.addEventListener("keydown", (event) => {
    if (event.key === "Escape") close();
  });

  document.addEventListener("click", (event) => {
    if (!event.target.closest) return;
    const inner = event.target.closest("a.chip, a.chip-like, a.back");
    if (inner) {
      event.preventDefault();
      close();
      show(inner.getAttribute("href").slice(1));
      return;
    }
    const copy = event.target.closest("button.copy");
    if (copy) {
      const said = copy.textContent;
      const tell = (word) => {
        copy.textContent = word;
        setTimeout(() => (copy.textContent = said), 1600);
      };
      navigator.clipboard.writeText(copy.dataset.copy).then(
        () => tell("Copied"),
        () => tell("The browser does not allow copying"),
      );
      return;
    }
    const edit = event.target.closest("button.edit");
    if (edit && box()) {
      box().value = edit.closest(".turn").querySelector(".question").textContent;
      box().dispatchEvent(new Event("input", { bubbles: true }));
      box().focus();
    }
  });

  let turns = 0;
  window.refdesk = {
    /* Back to the box; not on a phone, where the keyboard would cover the answer. */
    focus() {
      if (matchMedia("(pointer: fine)").matches) box()?.focus({ preventScroll: true });
    },
    /* A new question comes to the top of the conversation, its passages to that of the panel. */
    follow() {
      const all = document.querySelectorAll(".turn");
      if (all.length > turns) {
        all[all.length - 1].scrollIntoView({ block: "start", behavior: smooth() });
        document.getElementById("sources")?.scrollTo({ top: 0 });
      }
      turns = all.length;
    },
  };
})();
