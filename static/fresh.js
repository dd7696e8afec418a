/* Owns that nothing is decided on facts of this very moment: a press that was meant for what stood here before, or the
   second of a double click, is not taken for what has just been drawn in its place. */
(() => {
  "use strict";
  const READ = 600; // ms in which nobody has read anything
  const found = () => document.querySelector("[data-evidence]");
  let facts = found(), drawnAt = -READ;
  for (const name of ["htmx:afterSettle", "htmx:oobAfterSwap"]) document.addEventListener(name, () => {
    if (found() !== facts) drawnAt = performance.now();
    facts = found();
  });
  document.addEventListener("submit", (event) => {
    if (!facts || !event.target.contains(facts) || performance.now() - drawnAt > READ) return;
    event.preventDefault();
    event.stopImmediatePropagation();
    const place = event.target.querySelector("#decide-result, #back-result");
    if (!place || place.querySelector(".refusal")) return; // that says it
    const said = document.createElement("p");
    said.className = "notice asks";
    said.setAttribute("role", "alert");
    said.textContent = gettext("What you decide on was drawn anew this very moment. Look at it, then press once more.");
    place.replaceChildren(said);
  }, true);
})();
