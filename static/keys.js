/* Owns the keyboard: j/k and Enter in lists, g + letter to go, letters on buttons, ? for help; inert while typing. */
(() => {
  "use strict";
  const dialog = document.getElementById("keys"), box = document.getElementById("keys-on");
  const isOn = () => { try { return localStorage.getItem("keys") !== "off"; } catch { return true; } };
  if (box) {
    box.checked = isOn();
    box.addEventListener("change", () => { try { localStorage.setItem("keys", box.checked ? "on" : "off"); } catch { /* for this page only */ } });
  }
  document.addEventListener("click", (event) => { if (event.target.closest("[data-keys-help]")) dialog?.showModal(); });

  const typing = (element) => element.closest("input:not([type=checkbox]), textarea, select, [contenteditable], [role=application]");
  let going = 0;

  function move(step) {
    const links = [...document.querySelectorAll("[data-list] .row-link")];
    if (!links.length) return;
    const at = links.indexOf(document.activeElement);
    const next = links[Math.max(0, Math.min(links.length - 1, at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
  }
  function go(letter) {
    const link = document.querySelector(`[data-go="${letter}"]`);
    if (link) link.click();
    return Boolean(link);
  }
  function press(letter) {
    // A letter goes to its button; Enter then does it, so that no single key pays or ends anything.
    const button = document.querySelector(`[data-key="${letter}"]`);
    if (!button || button.disabled || button.matches(":disabled") || !button.offsetParent) return false;
    // Only what undoes acts at once.
    if ("now" in button.dataset) { button.click(); return true; }
    button.focus();
    button.scrollIntoView({ block: "nearest" });
    return true;
  }
  function act(key) {
    if (Date.now() - going < 1500) { going = 0; return /^[a-z]$/.test(key) && go(key); }
    if (key === "g") { going = Date.now(); return true; }
    if (key === "j" || key === "k") { move(key === "j" ? 1 : -1); return true; }
    if (key === "/") { const field = document.querySelector("[data-search]"); field?.focus(); return Boolean(field); }
    if (key === "?") { dialog?.showModal(); return true; }
    if (key === "n") { const note = document.getElementById("note"); note?.focus(); return Boolean(note); }
    return /^[a-z]$/.test(key) && press(key);
  }
  document.addEventListener("keydown", (event) => {
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (event.key === "Escape" && typing(event.target) && !event.target.closest("dialog, [role=application]")) { event.target.blur(); return; }
    if (!isOn() || typing(event.target) || document.querySelector("dialog[open]")) return;
    if (act(event.key)) event.preventDefault();
  });
})();
