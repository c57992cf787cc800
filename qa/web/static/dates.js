
/* A date may be a year alone, which no field of the browser takes: beside each stands the browser's
   own picker, which fills it in. */
(() => {
  const fields = "#dates input, #field-published :is(input, textarea), #field-accessed :is(input, textarea), .fresh [data-name=published]";
  function dress(field) {
    const label = field.closest("label");
    if (!label || label.parentElement.querySelector(".pick-date")) return;
    const button = document.createElement("button");
    button.type = "button";
    button.className = "pick-date";
    button.setAttribute("aria-label", "Pick a date");
    const date = document.createElement("input");
    date.type = "date";
    date.className = "picked-date";
    date.tabIndex = -1;
    date.setAttribute("aria-hidden", "true");
    // Gradio may make the field anew in its place.
    const now = () => label.querySelector("input, textarea");
    button.addEventListener("click", () => {
      date.value = now().value.trim(); // nothing, where that is no whole date
      try {
        date.showPicker();
      } catch { // an old browser
        date.focus();
      }
    });
    date.addEventListener("change", () => {
      if (!date.value) return;
      now().value = date.value;
      for (const kind of ["input", "change"]) now().dispatchEvent(new Event(kind, { bubbles: true }));
    });
    label.after(button, date);
  }
  let due = 0;
  const dressAll = () => {
    due = 0;
    document.querySelectorAll(fields).forEach(dress);
  };
  new MutationObserver(() => {
    due ||= requestAnimationFrame(dressAll);
  }).observe(document.body, { childList: true, subtree: true });
  dressAll();
})();
