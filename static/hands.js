/* Owns pointer and keyboard on the machine's screen: where on the picture, which act, and how to get out again. */
(() => {
  "use strict";
  const screen = document.getElementById("machine-screen"), image = document.getElementById("machine-image");
  if (!screen) return;
  const { act, before } = window.takeover;
  const MOVED = 6, DOUBLE = 220, HOLD = 500, NOTCH = 100, MOST = 20, FLUSH = 80;
  const PAST = ["Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock", "Dead", "Process", "Unidentified"];

  function spot(event, inside = false) {
    // The picture keeps its shape inside its box: bars beside it are not the machine.
    const box = image.getBoundingClientRect(), width = image.naturalWidth, height = image.naturalHeight;
    const scale = Math.min(box.width / width, box.height / height);
    const x = Math.floor((event.clientX - box.left - (box.width - width * scale) / 2) / scale);
    const y = Math.floor((event.clientY - box.top - (box.height - height * scale) / 2) / scale);
    if (!inside && (x < 0 || y < 0 || x >= width || y >= height)) return null;
    return { x: Math.max(0, Math.min(width - 1, x)), y: Math.max(0, Math.min(height - 1, y)) };
  }
  const held = (event) => [event.ctrlKey && "Control", event.altKey && "Alt", event.metaKey && "Meta", event.shiftKey && "Shift"].filter(Boolean);
  function perform(command, parameters, how) { clickNow(); act(command, parameters, how); }

  // A click waits for a second one that would make it double, but never longer than until the next act.
  let clicking = 0, clickAt = null, clickedAt = 0;
  function clickNow() {
    if (!clicking) return;
    clearTimeout(clicking);
    clicking = 0;
    act("click", clickAt, { began: clickedAt });
  }
  function click(at, event) {
    mark(at);
    flush();
    turnNow();
    const keys = held(event), button = ["left", "middle", "right"][event.button] || "left";
    if (keys.length) return perform("click_with_modifiers", { ...at, modifiers: keys, ...(button !== "left" && { button }) });
    if (button !== "left") return perform("click", { ...at, button });
    if (clicking && Math.hypot(at.x - clickAt.x, at.y - clickAt.y) < 2 * MOVED * (image.naturalWidth / image.clientWidth || 1)) {
      clearTimeout(clicking);
      clicking = 0;
      return perform("double_click", at, { began: clickedAt });
    }
    clickNow();
    clickAt = at;
    clickedAt = performance.now();
    clicking = setTimeout(clickNow, event.pointerType === "touch" ? DOUBLE + 60 : DOUBLE);
  }
  function mark(at) {
    const marks = document.getElementById("machine-marks");
    marks.setAttribute("viewBox", `0 0 ${image.naturalWidth} ${image.naturalHeight}`);
    const ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    for (const [name, value] of [["cx", at.x], ["cy", at.y], ["r", image.naturalWidth / 90], ["class", "ring"]]) ring.setAttribute(name, value);
    marks.replaceChildren(ring);
    setTimeout(() => ring.remove(), 900);
  }

  let down = null;
  function let_go() { clearTimeout(down?.timer); down = null; screen.classList.remove("holding"); }
  screen.addEventListener("pointerdown", (event) => {
    const at = image.hidden ? null : spot(event);
    if (!event.isPrimary) return let_go(); // a second finger enlarges the page
    if (!at) return;
    event.preventDefault();
    screen.focus({ preventScroll: true });
    screen.setPointerCapture(event.pointerId);
    down = { at, x: event.clientX, y: event.clientY, last: event, touch: event.pointerType === "touch", held: false, scrolls: false };
    if (down.touch) down.timer = setTimeout(() => { if (down && !down.scrolls) { down.held = true; screen.classList.add("holding"); navigator.vibrate?.(15); } }, HOLD);
  });
  screen.addEventListener("pointermove", (event) => {
    if (!down?.touch || down.held) return;
    if (Math.hypot(event.clientX - down.x, event.clientY - down.y) > 2 * MOVED) down.scrolls = true;
    if (!down.scrolls) return;
    const scale = image.naturalWidth / (image.getBoundingClientRect().width || 1);
    scroll(down.at, (down.last.clientX - event.clientX) * scale, (down.last.clientY - event.clientY) * scale);
    down.last = event;
  });
  screen.addEventListener("pointerup", (event) => {
    if (!down) return;
    const from = down, to = spot(event, true);
    let_go();
    if (from.scrolls) return;
    const moved = Math.hypot(event.clientX - from.x, event.clientY - from.y) > (from.touch ? 2 : 1) * MOVED;
    if (moved) return perform("drag", { from_x: from.at.x, from_y: from.at.y, to_x: to.x, to_y: to.y, ...(event.button === 2 && { button: "right" }) });
    if (from.held) { mark(to); return perform("click", { ...to, button: "right" }); }
    click(to, event);
  });
  screen.addEventListener("pointercancel", let_go);
  for (const name of ["contextmenu", "dragstart", "auxclick"]) screen.addEventListener(name, (event) => event.preventDefault());

  // Pixels become notches; a quick turn of the wheel is one act.
  let across = 0, along = 0, turning = 0, turnAt = null;
  function scroll(at, dx, dy) {
    if (!turning) { clickNow(); flush(); }
    across += dx;
    along += dy;
    turnAt = at;
    if (!turning) turning = setTimeout(turn, 120);
  }
  function turnNow() { if (turning) turn(); }
  function turn() {
    clearTimeout(turning);
    turning = 0;
    const flat = Math.abs(across) > Math.abs(along), by = flat ? across : along;
    const amount = Math.min(MOST, Math.round(Math.abs(by) / NOTCH));
    if (!amount) return;
    across = along = 0;
    perform("scroll", { ...turnAt, direction: flat ? (by > 0 ? "right" : "left") : by > 0 ? "down" : "up", amount });
  }
  screen.addEventListener("wheel", (event) => {
    if (event.ctrlKey) return; // the page's own zoom
    event.preventDefault();
    const at = image.hidden ? null : spot(event), unit = event.deltaMode === 1 ? 33 : event.deltaMode === 2 ? 600 : 1;
    if (at) scroll(at, event.deltaX * unit, event.deltaY * unit);
  }, { passive: false });

  let typed = "", typedAt = 0, flushing = 0;
  function flush() {
    clearTimeout(flushing);
    const text = typed;
    typed = "";
    if (text) act("type", { text }, { began: typedAt });
  }
  function settle() { turnNow(); clickNow(); flush(); }
  before(settle);
  function leave() { settle(); document.getElementById("back-open").focus(); }
  screen.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    const keys = held(event), isMain = event.ctrlKey || event.metaKey, letter = event.key.toLowerCase();
    if (isMain && letter === "v" && !event.altKey && !event.shiftKey) return; // the browser's paste comes next
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape" && event.shiftKey) return leave();
    if (PAST.includes(event.key)) return;
    clickNow();
    turnNow();
    const isText = event.key.length === 1 && (event.getModifierState("AltGraph") || !keys.some((key) => key !== "Shift"));
    if (isText) { typedAt = typed ? typedAt : performance.now(); typed += event.key; clearTimeout(flushing); flushing = setTimeout(flush, FLUSH); return; }
    flush();
    // Shift with the main key asks for the machine's own clipboard: there it is pressed without Shift.
    if (isMain && event.shiftKey && letter === "v") return act("key_combo", { keys: ["Control", "v"] });
    if (keys.length) act("key_combo", { keys: [...keys, event.key] });
    else act("key_press", { key: event.key });
  });
  screen.addEventListener("paste", (event) => {
    event.preventDefault();
    const text = event.clipboardData.getData("text");
    if (text) perform("type", { text: text.replaceAll("\r\n", "\n").slice(0, 10000) });
  });
  const chip = document.getElementById("machine-focus");
  function where(on, text) { chip.textContent = text; chip.classList.toggle("on", on); }
  function tell() {
    if (window.takeover.ended()) return;
    const on = document.activeElement === screen, aims = window.takeover.aiming?.();
    const taken = aims ? gettext("Arrow keys aim, Enter clicks; Esc ends that, Shift+Esc takes all keys back") : gettext("Keys go to the machine; Shift+Esc takes them back");
    where(on, on ? taken : gettext("Keys stay with this page"));
  }
  screen.addEventListener("focus", tell);
  screen.addEventListener("blur", () => { flush(); tell(); });
  document.addEventListener("takeover:ended", () => where(false, gettext("You don't drive any more")));
  window.takeover.hands = { click, perform, scroll, spot, tell };
})();
