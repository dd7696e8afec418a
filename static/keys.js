/* Owns the keyboard: j/k and Enter in lists, g + letter to go, letters on buttons, ] for the next approval, ? for the
   list of all that works (templates/parts/keys.html); inert while typing. A letter goes to its button and Enter does it, unless the reader lets single keys decide. */
(() => {
  "use strict";
  const dialog = document.getElementById("keys");
  function kept(box, name, isOnAtFirst) {
    const read = () => { try { return (localStorage.getItem(name) || (isOnAtFirst ? "on" : "off")) === "on"; } catch { return isOnAtFirst; } };
    if (box) {
      box.checked = read();
      box.addEventListener("change", () => { try { localStorage.setItem(name, box.checked ? "on" : "off"); } catch { /* for this page only */ } });
    }
    return read;
  }
  const isOn = kept(document.getElementById("keys-on"), "keys", true);
  const isQuick = kept(document.getElementById("keys-decide"), "keys-decide", false);
  document.addEventListener("click", (event) => { if (event.target.closest("[data-keys-help]")) help(); });

  // The places are those that this person has links to; what does not work on this page stands back.
  function help() {
    if (!dialog) return;
    const places = new Map();
    for (const link of document.querySelectorAll("[data-go]")) if (!places.has(link.dataset.go)) places.set(link.dataset.go, link);
    dialog.querySelector("[data-places]").replaceChildren(...[...places].map(([letter, link]) => {
      const place = document.createElement("span"), key = document.createElement("kbd");
      key.textContent = letter;
      place.append(key, " ", (link.querySelector("span") || link).textContent.trim());
      return place;
    }));
    for (const row of dialog.querySelectorAll("[data-where]")) row.classList.toggle("elsewhere", !document.querySelector(row.dataset.where));
    dialog.showModal();
  }

  const typing = (element) => element.closest("input:not([type=checkbox], [type=radio], [type=range]), textarea, select, [contenteditable], [role=application]");
  let drawn = Date.now(), going = 0, rested = true;
  // Facts that were drawn anew a moment ago are as new to the reader as a page that has just opened.
  let facts = document.querySelector("[data-evidence]");
  for (const name of ["htmx:afterSettle", "htmx:oobAfterSwap"]) document.addEventListener(name, () => {
    const now = document.querySelector("[data-evidence]");
    if (now !== facts) drawn = Date.now();
    facts = now;
  });

  function move(step) {
    const links = [...document.querySelectorAll("[data-list] .row-link")];
    if (!links.length) return false;
    const at = links.indexOf(document.activeElement);
    const next = links[Math.max(0, Math.min(links.length - 1, at < 0 ? (step > 0 ? 0 : links.length - 1) : at + step))];
    next.focus();
    next.scrollIntoView({ block: "nearest" });
    return true;
  }
  function go(letter) {
    const link = document.querySelector(`[data-go="${letter}"]`);
    if (link) link.click();
    return Boolean(link);
  }
  function following() {
    // After a decision the page knows the next one; before it, this one is left as it is.
    const link = document.getElementById("next-approval"), page = document.querySelector("[data-approval]");
    if (link) link.click();
    else if (page) location.href = `${dialog.dataset.next}?after=${page.dataset.approval}`;
    else return move(1);
    return true;
  }
  function mayPress(button) {
    // What undoes acts at once. What decides does where the reader wants it so and nothing is paid or lost for good;
    // never by a key that was held down since the page before, nor on facts of this very moment.
    if ("now" in button.dataset) return true;
    return isQuick() && rested && Date.now() - drawn > 300 && Boolean(button.closest("[data-quick]"));
  }
  function lacks(field) {
    // Of what only helps an answer a note says as much.
    if (!("wanted" in field.dataset)) return !field.checkValidity();
    const given = field.type === "radio" ? field.form.querySelector(`[name="${field.name}"]:checked`) : field.value;
    return !given && !field.form.querySelector("textarea")?.value;
  }
  function missing(button) {
    // What a yes still lacks comes first, but each only once: whoever wants to go on without it presses the letter again.
    if (button.formNoValidate) return null;
    const fields = [...(button.form?.querySelectorAll("[required], [data-wanted]") || [])];
    const field = fields.find((one) => !("led" in one.dataset) && one.offsetParent && lacks(one));
    if (field) field.dataset.led = "";
    return field;
  }
  function press(letter) {
    const button = [...document.querySelectorAll(`[data-key="${letter}"]`)].find((one) => !one.matches(":disabled") && one.offsetParent);
    if (!button) return false;
    const needed = missing(button), target = needed || button;
    if (!needed && mayPress(button)) {
      button.click();
      if (button.matches("summary")) button.focus(); // what it has opened comes next
      return true;
    }
    target.focus();
    target.scrollIntoView({ block: "nearest" });
    return true;
  }
  function choose(number) {
    const option = document.querySelector(`input[type=radio][name=choice][value="${number}"]:enabled`);
    option?.click();
    option?.focus();
    return Boolean(option);
  }
  let left = null; // the field that Esc has led out of
  function part() {
    const parts = [...document.querySelectorAll("main :is(fieldset, form, .field.boxes)")].map((each) => [...each.querySelectorAll("input:not([type=hidden]), select, textarea, button")].find((one) => one.offsetParent && !one.disabled)).filter(Boolean);
    const from = document.activeElement === document.body ? left : document.activeElement;
    const next = [...new Set(parts)].find((one) => !from?.isConnected || from.compareDocumentPosition(one) & Node.DOCUMENT_POSITION_FOLLOWING) || parts[0];
    next?.focus();
    next?.scrollIntoView({ block: "center" });
    return Boolean(next);
  }
  function act(key) {
    if (Date.now() - going < 1500) { going = 0; return /^[a-z]$/.test(key) && go(key); }
    if (key === "g") { going = Date.now(); return true; }
    if (key === "j" || key === "k") return move(key === "j" ? 1 : -1);
    if (key === "]") return following();
    if (key === "/") { const field = document.querySelector("[data-search]"); field?.focus(); return Boolean(field); }
    if (/^[1-9]$/.test(key) && choose(key)) return true;
    if (/^[1-9]$/.test(key)) { const tab = document.querySelectorAll("[data-numbered] a")[key - 1]; tab?.click(); return Boolean(tab); }
    if (key === "?") { help(); return true; }
    if (key === "p") return part();
    if (key === "n" && document.querySelector("textarea#note")) { document.getElementById("note").focus(); return true; }
    return /^[a-z]$/.test(key) && press(key);
  }
  // What opens over the page closes by Escape, and the focus goes back to what has opened it; a press beside it closes it, too.
  const overlaid = () => [...document.querySelectorAll("details:is(.confirm, .nav-more)[open]")];
  document.addEventListener("click", (event) => { for (const one of overlaid()) if (!one.contains(event.target)) one.open = false; });
  function closed(event) {
    if (event.key !== "Escape" || document.querySelector("dialog[open]") || event.target.closest("[role=application]")) return false;
    const open = overlaid(), one = open.find((each) => each.contains(document.activeElement)) || open[0];
    if (!one) return false;
    one.open = false;
    one.querySelector("summary").focus();
    return true;
  }
  document.addEventListener("keyup", () => { rested = true; });
  document.addEventListener("keydown", (event) => {
    rested = rested && !event.repeat;
    const sends = event.key === "Enter" && (event.ctrlKey || event.metaKey) && event.target.closest("textarea")?.form?.querySelector("[data-sends]");
    if (sends && !event.repeat) {
      const needed = missing(sends);
      event.preventDefault();
      if (needed) needed.focus();
      else sends.click();
      return;
    }
    if (event.ctrlKey || event.metaKey || event.altKey || event.isComposing) return;
    if (closed(event)) { event.preventDefault(); return; }
    if (event.key === "Escape" && typing(event.target) && !event.target.closest("dialog, [role=application]")) { left = event.target; left.blur(); return; }
    if (!isOn() || typing(event.target) || document.querySelector("dialog[open]")) return;
    if (act(event.key)) event.preventDefault();
  });
})();
