/* Owns the machine's pointer by keyboard: a mode that is switched on beside the screen. The arrow keys move a crosshair,
   Enter clicks there; Esc ends the mode and gives these keys to the machine again. All other keys go there as before. */
(() => {
  "use strict";
  const screen = document.getElementById("machine-screen"), image = document.getElementById("machine-image");
  const button = document.getElementById("aim"), lines = document.getElementById("machine-aim");
  if (!screen || !button) return;
  const { click, perform, scroll, spot, tell } = window.takeover.hands;
  const STEP = 8, MOST = 96, FASTER = 1.35, REST = 500, NOTCHES = 300;
  const WAYS = { ArrowLeft: [-1, 0], ArrowRight: [1, 0], ArrowUp: [0, -1], ArrowDown: [0, 1] };
  let on = false, at = null, pace = STEP, from = null, resting = 0;

  function within(x, y) {
    const most = (value, size) => Math.max(0, Math.min(size - 1, Math.round(value)));
    return { x: most(x, image.naturalWidth || 1), y: most(y, image.naturalHeight || 1) };
  }
  function draw() {
    lines.toggleAttribute("hidden", !on || image.hidden);
    if (!on || image.hidden) return;
    const width = image.naturalWidth, height = image.naturalHeight;
    at = at ? within(at.x, at.y) : within(width / 2, height / 2);
    lines.setAttribute("viewBox", `0 0 ${width} ${height}`);
    for (const line of lines.querySelectorAll("[data-across]")) set(line, { x1: 0, x2: width, y1: at.y + 0.5, y2: at.y + 0.5 });
    for (const line of lines.querySelectorAll("[data-along]")) set(line, { y1: 0, y2: height, x1: at.x + 0.5, x2: at.x + 0.5 });
    for (const ring of lines.querySelectorAll("circle")) set(ring, { cx: at.x + 0.5, cy: at.y + 0.5, r: width / 80 });
    const drag = lines.querySelector("[data-drag]");
    drag.toggleAttribute("hidden", !from);
    if (from) set(drag, { x1: from.x, y1: from.y, x2: at.x, y2: at.y });
  }
  function set(element, values) { for (const [name, value] of Object.entries(values)) element.setAttribute(name, value); }
  function announce(text) {
    const place = document.getElementById("announcer");
    if (place) place.textContent = text;
  }
  // Once it rests: said by a screen reader, and beside the screen for everybody.
  function say() {
    clearTimeout(resting);
    const text = interpolate(gettext("Pointer at %(x)s, %(y)s of %(width)s × %(height)s"), { ...at, width: image.naturalWidth, height: image.naturalHeight }, true);
    document.getElementById("aim-at").textContent = text;
    resting = setTimeout(() => { if (on) announce(text); }, REST);
  }
  function turn(now) {
    on = now;
    from = null;
    button.setAttribute("aria-pressed", String(on));
    screen.classList.toggle("aiming", on);
    document.getElementById("aim-help").hidden = !on;
    clearTimeout(resting);
    document.getElementById("aim-at").textContent = "";
    draw();
    if (on && at) say();
    tell();
    announce(on ? gettext("The arrow keys move the machine's pointer, Enter clicks, Escape ends this.") : gettext("The arrow keys and Enter go to the machine again."));
  }
  button.addEventListener("click", () => { turn(!on); screen.focus({ preventScroll: true }); });

  function go(way, event) {
    pace = event.repeat ? Math.min(MOST, pace * FASTER) : STEP;
    const far = event.shiftKey ? 1 : pace;
    at = within(at.x + way[0] * far, at.y + way[1] * far);
    draw();
    say();
  }
  function drag() {
    if (!from) { from = at; announce(gettext("Drag begins here; Control and Enter again lets go.")); return draw(); }
    perform("drag", { from_x: from.x, from_y: from.y, to_x: at.x, to_y: at.y });
    from = null;
    draw();
  }
  function press(event) {
    if (event.repeat) return; // a key that is held down clicks once
    if (event.ctrlKey || event.metaKey) return drag();
    click(at, { button: event.shiftKey ? 2 : 0, pointerType: "keys" });
  }
  screen.addEventListener("keydown", (event) => {
    if (!on || !at || event.isComposing || event.altKey) return;
    const way = WAYS[event.key], turned = { PageUp: -NOTCHES, PageDown: NOTCHES }[event.key];
    if (event.key === "Escape" && !event.shiftKey) turn(false);
    else if (way && !event.ctrlKey && !event.metaKey) go(way, event);
    else if (event.key === "Enter") press(event);
    else if (turned) scroll(at, 0, turned);
    else return;
    event.preventDefault();
    event.stopImmediatePropagation();
  }, { capture: true });
  screen.addEventListener("pointerup", (event) => { if (on && !image.hidden) { at = spot(event, true); draw(); say(); } });
  image.addEventListener("load", draw);
  document.addEventListener("takeover:ended", () => { if (on) turn(false); button.disabled = true; });
  window.takeover.aiming = () => on;
})();
