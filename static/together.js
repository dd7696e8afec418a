/* Owns what the page tells of its person: signs of life for presence and claim; empties what was said once it stands. */
(() => {
  "use strict";
  const EACH = 15000; // a claim and a presence live on fewer signs than people give
  const page = document.querySelector('[ws-connect*="ws/approvals/"]');
  if (!page) return;
  let socket = null;
  const told = { here: 0, typing: 0 };

  function sign(kind) {
    const now = Date.now();
    if (!socket || document.hidden || now - told.typing < EACH || (kind === "here" && now - told.here < EACH)) return;
    told[kind] = now;
    socket.send(JSON.stringify({ life: kind }));
  }
  function visibility() {
    if (!socket) return;
    told.here = document.hidden ? 0 : Date.now();
    told.typing = 0;
    socket.send(JSON.stringify({ life: document.hidden ? "away" : "here" }));
  }
  document.addEventListener("htmx:wsOpen", (event) => {
    if (event.target !== page) return;
    socket = event.detail.socketWrapper;
    if (document.hidden) visibility();
  });
  document.addEventListener("htmx:wsClose", (event) => { if (event.target === page) socket = null; });
  document.addEventListener("visibilitychange", visibility);
  for (const name of ["pointermove", "pointerdown", "keydown", "wheel", "focusin"]) document.addEventListener(name, () => sign("here"), { passive: true });
  // Who writes the note of a decision is on it, and says so to the others.
  document.getElementById("note")?.addEventListener("input", () => sign("typing"));

  document.addEventListener("htmx:afterRequest", (event) => {
    const form = event.detail.elt;
    if (!event.detail.successful || !form.matches("[data-empties]")) return;
    form.reset();
    form.closest("details")?.removeAttribute("open");
  });
  for (const form of document.querySelectorAll("[data-empties]")) {
    form.addEventListener("keydown", (event) => {
      if (event.key === "Enter" && (event.ctrlKey || event.metaKey)) form.requestSubmit();
    });
  }
})();
