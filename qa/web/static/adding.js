
/* Adding from the chat: what is dropped on the page, or the address of a page, goes to the drawer in
   which it is described. Who may not add has no such list, and is told so by the server. */
(({ byId, box, send, typed, clicks, showDrawer }) => {
  const may = () => Boolean(document.querySelector("#adding .fresh-list"));
  const open = () => Boolean(byId("adding")?.classList.contains("open"));
  const chooser = () => document.querySelector("#dropped input[type=file]");
  /* While one lot is read, Gradio has no place for the next. */
  function put(files, tries = 600) {
    if (!chooser()) {
      if (tries) setTimeout(put, 100, files, tries - 1);
      return;
    }
    chooser().files = files;
    chooser().dispatchEvent(new Event("change", { bubbles: true }));
  }
  /* Who may add is known a moment after the page is shown. */
  function take(files, tries = 600) {
    if (may()) {
      show(true);
      put(files);
    } else if (document.querySelector("#added .not-yours")) send("upload", {});
    else if (tries) setTimeout(take, 100, files, tries - 1);
  }
  function show(shown) {
    showDrawer("adding", shown);
    (shown ? document.querySelector("#adding h2") : byId("open-adding")).focus();
  }

  /* Files */
  let over = 0; // leaving an element is no leaving the page: it ends when nothing is held any more
  const holdsFiles = (event) => box() && [...event.dataTransfer.types].includes("Files");
  document.addEventListener("dragover", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    event.dataTransfer.dropEffect = "copy";
    document.body.classList.toggle("dropping", may());
    clearTimeout(over);
    over = setTimeout(() => document.body.classList.remove("dropping"), 300);
  });
  document.addEventListener("drop", (event) => {
    if (!holdsFiles(event)) return;
    event.preventDefault();
    event.stopPropagation();
    document.body.classList.remove("dropping");
    take(event.dataTransfer.files);
  }, true);

  window.refdeskEarly.adds = true;
  if (box() && window.refdeskEarly.dropped) take(window.refdeskEarly.dropped);

  /* An address: typed in the drawer, or pasted into the box with nothing beside it. */
  const isAddress = (text) => /^https?:\/\/\S+$/i.test(text.trim());
  const fetchIt = (address) => send("upload", { address });
  document.addEventListener("paste", (event) => {
    const url = event.clipboardData.getData("text").trim();
    if (event.target !== box() || box().value.trim() || !isAddress(url) || !may()) return;
    event.preventDefault();
    show(true);
    const field = document.querySelector(".fetching input");
    field.value = url;
    field.focus();
  });

  document.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && event.target.matches?.(".fetching input")) fetchIt(event.target.value);
    if (event.key !== "Escape" || !open()) return;
    event.stopImmediatePropagation();
    show(false);
  }, true);
  // What is described is kept when its field is left, and again with what is done next.
  const said = () => typed(".fresh");
  document.addEventListener("change", (event) => {
    if (event.target.closest?.(".fresh")) send("input", { said: said() });
  });

  clicks.push(
    ["#open-adding, a.add-source", (link) => {
      if (may()) show(!open());
      else location.assign(link.href);
    }],
    ["button.close-adding", () => show(false)],
    ["button.choose-files", () => chooser()?.click()],
    ["button.fetch-address", (button) => fetchIt(button.closest("p").querySelector("input").value)],
    ["button.take-back", (button) => send("undo", { id: button.closest(".fresh").dataset.id })],
    ["button.release", () => send("release", { said: said() })],
    ["button.ask-about", (button) => {
      showDrawer("adding", false);
      send("focus", { source: button.dataset.source });
      box().focus();
    }],
  );
})(window.refdesk);
