/* What is asked before the page is loaded waits: what is loaded would take the place of its answer.
   This stands in the head, and so runs before the box can be seen; script.js lets go. */
(() => {
  const early = (window.refdeskEarly = { loaded: false, asked: false });
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
})();
