/* Owns a decision's form: what will be sent, facts that moved under it, the claim, its end when somebody was faster. */
(() => {
  "use strict";
  const page = document.querySelector("[data-approval]"), form = document.getElementById("decide");
  const note = document.getElementById("note");
  let touched = Boolean(note && note.value);

  function preview() {
    if (!note) return;
    const text = note.value.trim();
    document.getElementById("preview").textContent = (text ? text + " " : "") + "[decision ········]";
    const left = note.maxLength - note.value.length;
    document.getElementById("note-left").textContent = left < 200 ? `${left} characters left` : "";
  }
  function compare() {
    const shown = page.querySelector("[data-evidence]"), now = page.querySelector("[data-moved]");
    if (!shown || !now) return;
    let differs = false;
    for (const item of now.querySelectorAll("[data-differs]")) {
      const name = item.dataset.differs;
      item.hidden = shown.dataset[name] === now.dataset[name];
      differs = differs || !item.hidden;
    }
    now.hidden = !differs || "over" in now.dataset;
    // Nobody has begun to decide on what stands here: show what is new at once.
    if (!now.hidden && !touched && !now.dataset.asked) { now.dataset.asked = "1"; now.querySelector("button").click(); }
  }
  function finish() {
    const over = page.querySelector(".approval-state[data-over]"), fields = form?.querySelector("fieldset");
    if (!over || !fields || form.hidden) return;
    const held = form.contains(document.activeElement) && document.activeElement !== note;
    fields.disabled = true;
    // What somebody else's decision made useless stays readable; what I sent is told above.
    form.hidden = "own" in over.dataset || !note.value.trim();
    if (held) document.getElementById("next-approval")?.focus();
  }
  function refresh() { compare(); finish(); }

  if (note) {
    note.addEventListener("input", preview);
    // Who begins to write is seen by the others.
    note.addEventListener("focus", () => {
      fetch(form.dataset.claim, { method: "POST", headers: { "X-CSRFToken": consoleToken(), "HX-Request": "true" } }).catch(() => {});
    }, { once: true });
    preview();
  }
  form?.addEventListener("pointerdown", () => { touched = true; });
  form?.addEventListener("keydown", () => { touched = true; });
  for (const name of ["htmx:wsAfterMessage", "htmx:afterSettle", "htmx:oobAfterSwap"]) document.addEventListener(name, refresh);
  refresh();
})();
