/* Owns a decision's form: what will be sent, facts that moved under it, the claim, its end when somebody was faster. */
(() => {
  "use strict";
  const page = document.querySelector("[data-approval]"), form = document.getElementById("decide");
  const note = document.getElementById("note");
  let touched = Boolean(note && note.value);
  let asked = false; // to be shown what has moved: the button for it is gone then
  const field = (id) => document.getElementById(id);

  /* Puts the parts together as the server does (approvals/answers.py): what is shown is what is sent. */
  function whole() {
    const answer = form.querySelector("[data-answer]"), value = field("value")?.value.trim(), secret = field("secret")?.value.trim() || "";
    const parts = [form.querySelector("[name=choice]:checked")?.value || "", note.value, value ? `${answer.dataset.valuePhrase} ${value}` : "", secret ? answer.dataset.secretPhrase : ""];
    let text = "";
    for (const part of parts.map((each) => each.trim())) if (part) text += (!text ? "" : ".!?:;,".includes(text.at(-1)) ? " " : ". ") + part;
    return [text, secret];
  }
  function preview() {
    if (!note) return;
    const place = field("preview"), [text, secret] = whole();
    // The note of those who agreed before, as it stands now: what is shown of it is what the decision is held to.
    const fallback = page.querySelector(".approval-state")?.dataset.fallback || "";
    form.elements.seen_fallback.value = fallback;
    const said = text || secret ? [text, "•".repeat(secret.length)].filter(Boolean).join(" ") : fallback;
    place.textContent = (said ? said + " " : "") + "[decision ········]";
    const left = note.maxLength - said.length, told = field("note-left");
    told.textContent = left < 200 ? `${left} ${told.dataset.words}` : "";
    told.classList.toggle("late", left < 0);
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
    if (field("secret")) field("secret").value = "";
    // What somebody else's decision made useless stays readable; what I sent is told above.
    form.hidden = "own" in over.dataset || !note.value.trim();
    if (held) document.getElementById("next-approval")?.focus();
  }
  document.addEventListener("htmx:afterSwap", (event) => {
    if (event.target.id === "decide-result") event.target.firstElementChild?.scrollIntoView({ block: "nearest" });
  });
  /* While somebody else drives, their machine is not let go on; what has the focus keeps it, the server refuses as well. */
  function yieldToDriver() {
    const resume = form?.querySelector("[name=verdict][value=resume]"), driven = page.querySelector(".approval-state[data-driven]");
    if (!resume || document.activeElement === resume || resume.disabled !== ("driven" in resume.dataset)) return;
    resume.disabled = Boolean(driven);
    resume.toggleAttribute("data-driven", Boolean(driven));
  }
  function refresh() { compare(); finish(); yieldToDriver(); preview(); }

  if (note) {
    form.addEventListener("input", preview);
    // Who begins to write is seen by the others.
    note.addEventListener("focus", () => {
      fetch(form.dataset.claim, { method: "POST", headers: { "X-CSRFToken": consoleToken(), "HX-Request": "true", "Drawn-For": document.documentElement.dataset.person } }).catch(() => {});
    }, { once: true });
    preview();
  }
  form?.addEventListener("click", (event) => {
    const preset = event.target.closest("[data-preset]"), reveal = event.target.closest("[data-reveal]");
    if (preset) {
      const had = note.value.trim();
      note.value = !had ? preset.dataset.preset : had + (".!?".includes(had.at(-1)) ? " " : ". ") + preset.dataset.preset;
      note.focus();
      preview();
    }
    if (reveal) {
      const hidden = field(reveal.dataset.reveal).type === "password";
      field(reveal.dataset.reveal).type = hidden ? "text" : "password";
      reveal.setAttribute("aria-pressed", String(hidden));
    }
  });
  page?.addEventListener("click", (event) => { if (event.target.closest("[data-moved] button")) asked = event.isTrusted; });
  document.addEventListener("htmx:afterSettle", () => {
    const has = document.activeElement;
    if (!asked || (has !== document.body && !has.closest("[data-moved]"))) return;
    asked = false;
    field("facts-title")?.focus();
  });
  form?.addEventListener("pointerdown", () => { touched = true; });
  form?.addEventListener("keydown", () => { touched = true; });
  form?.addEventListener("focusin", () => { touched = true; }); // a letter has led to a button
  for (const name of ["htmx:wsAfterMessage", "htmx:afterSettle", "htmx:oobAfterSwap"]) document.addEventListener(name, refresh);
  refresh();
})();
