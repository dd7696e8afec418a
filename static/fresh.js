/* Owns that nothing is decided on what has just been drawn: a press that was meant for what stood here before, the second
   of a double click or of two taps, is not taken. Keys are not held up by a page that opens: they go to a button first. */
(() => {
  "use strict";
  const READ = 600, OPENS = { touch: 500, mouse: 300 }; // ms in which nobody has read anything, since a redraw and since the press that led here
  const STILL = 8; // px: a hand that double-clicks stays where it is
  const found = () => document.querySelector("[data-evidence]");
  const decides = (button) => button?.matches("[name=verdict], [name=as_secret]");
  let facts = found(), drawnAt = -READ, travelled = 0;
  document.addEventListener("pointermove", (event) => { travelled += Math.abs(event.movementX) + Math.abs(event.movementY); }, { passive: true });
  for (const name of ["htmx:afterSettle", "htmx:oobAfterSwap"]) document.addEventListener(name, () => {
    if (found() !== facts) drawnAt = performance.now();
    facts = found();
  });
  function refuse(event, form) {
    event.preventDefault();
    event.stopImmediatePropagation();
    if (form.querySelector(".refusal") || form.matches(".htmx-request")) return; // that says it, or it is on its way
    consoleTell(form, gettext("What you decide on was drawn this very moment. Look at it, then press once more."));
  }
  document.addEventListener("click", (event) => {
    const button = event.target.closest("button");
    if (!event.detail || !decides(button) || !button.form) return; // no detail: a key
    const isEarly = performance.now() < (OPENS[event.pointerType] || OPENS.mouse) && travelled <= STILL;
    if (event.detail > 1 || isEarly) refuse(event, button.form);
  }, true);
  document.addEventListener("submit", (event) => {
    if (facts && event.target.contains(facts) && performance.now() - drawnAt < READ) refuse(event, event.target);
  }, true);
})();
