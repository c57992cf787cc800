/* What is asked before the page is loaded waits: what is loaded would take the place of its answer.
   So does a file that is dropped, for which the browser would leave the page. This stands in the
   head, and so runs before the box can be seen; script.js and adding.js take over. */
(() => {
  const early = (window.refdeskEarly = { loaded: false, asked: false, adds: false, dropped: null });
  const wait = (event) => {
    event.preventDefault();
    event.stopImmediatePropagation();
    early.asked = true;
  };
  document.addEventListener("keydown", (event) => {
    const asks = event.key === "Enter" && !event.shiftKey && !event.isComposing;
    if (!early.loaded && asks && event.target.matches?.("#question textarea")) wait(event);
  }, true);
  document.addEventListener("click", (event) => {
    if (!early.loaded && event.target.closest?.("#question button")) wait(event);
  }, true);
  for (const kind of ["dragover", "drop"])
    document.addEventListener(kind, (event) => {
      if (early.adds || !event.dataTransfer?.types.includes("Files")) return;
      event.preventDefault();
      if (kind === "drop") early.dropped = event.dataTransfer.files;
    }, true);
})();
