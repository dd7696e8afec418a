/* Owns a takeover: the machine's screen, polled and after each act; pointer and keys sent to it; the lease kept. */
(() => {
  "use strict";
  const page = document.getElementById("takeover"), screen = document.getElementById("machine-screen");
  const image = document.getElementById("machine-image"), wait = document.getElementById("machine-wait");
  const error = document.getElementById("machine-error"), latency = document.getElementById("machine-latency");
  const age = document.getElementById("machine-age"), keys = document.getElementById("machine-focus");
  const POLL = 1000, KEEP = 20000, DRAG_PIXELS = 6, DOUBLE = 320;
  let shownAt = 0, fetching = false, again = false, ended = false;

  function fail(text) { error.textContent = text; error.hidden = !text; }
  function read(blob) {
    return new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.onerror = () => reject(reader.error);
      reader.readAsDataURL(blob);
    });
  }
  async function look() {
    if (fetching) { again = true; return; }
    if (ended || document.hidden) return;
    fetching = true;
    const asked = performance.now();
    try {
      const answer = await fetch(page.dataset.screen, { cache: "no-store" });
      if (!answer.ok) throw new Error(await sentence(answer));
      image.src = await read(await answer.blob());
      await image.decode();
      image.hidden = false;
      wait.hidden = true;
      shownAt = Date.now();
      latency.textContent = `picture in ${Math.round(performance.now() - asked)} ms`;
      if (!acting) fail("");
    } catch (problem) {
      fail(problem instanceof TypeError ? "The console can't be reached; the picture is old." : problem.message);
    }
    fetching = false;
    if (again) { again = false; look(); }
  }
  async function sentence(answer) {
    try { return (await answer.json()).error.message; } catch { return `The console answered ${answer.status}.`; }
  }

  let acting = false, queue = Promise.resolve();
  function act(command, parameters) {
    // One after the other, in the order they were made: a click that may become a double one goes first.
    clickNow();
    queue = queue.then(() => send(command, parameters));
    return queue;
  }
  async function send(command, parameters) {
    if (ended) return;
    acting = true;
    try {
      const answer = await fetch(page.dataset.act, {
        method: "POST",
        headers: { "Content-Type": "application/json", "X-CSRFToken": consoleToken() },
        body: JSON.stringify({ command, parameters }),
      });
      if (!answer.ok) {
        fail(await sentence(answer));
        if (answer.status === 409) stop();
      } else {
        const said = await answer.json();
        fail(said.success ? "" : `The machine could not do it${said.error ? `: ${said.error}` : ""}.`);
      }
    } catch {
      fail("The console can't be reached; it is not known whether the machine got this. Look before you repeat it.");
    }
    acting = false;
    look();
    setTimeout(look, 350);
  }
  function stop() { ended = true; keys.textContent = "You don't drive any more"; keys.classList.remove("on"); }

  function spot(event) {
    const box = image.getBoundingClientRect();
    const x = Math.round(((event.clientX - box.left) / box.width) * image.naturalWidth);
    const y = Math.round(((event.clientY - box.top) / box.height) * image.naturalHeight);
    return { x: Math.max(0, Math.min(image.naturalWidth - 1, x)), y: Math.max(0, Math.min(image.naturalHeight - 1, y)) };
  }
  let down = null, clicked = null, clickAt = null;
  function clickNow() {
    if (!clicked) return;
    clearTimeout(clicked);
    clicked = null;
    act("click", clickAt);
  }
  screen.addEventListener("pointerdown", (event) => {
    if (image.hidden) return;
    event.preventDefault();
    screen.focus({ preventScroll: true });
    screen.setPointerCapture(event.pointerId);
    down = { at: spot(event), x: event.clientX, y: event.clientY, button: event.button };
  });
  screen.addEventListener("pointerup", (event) => {
    if (!down) return;
    const from = down, to = spot(event);
    down = null;
    if (Math.hypot(event.clientX - from.x, event.clientY - from.y) > DRAG_PIXELS) return act("drag", { from_x: from.at.x, from_y: from.at.y, to_x: to.x, to_y: to.y });
    if (from.button === 2) return act("click", { ...to, button: "right" });
    if (from.button === 1) return act("click", { ...to, button: "middle" });
    mark(to);
    if (clicked && Math.hypot(to.x - clickAt.x, to.y - clickAt.y) < 2 * DRAG_PIXELS) {
      clearTimeout(clicked);
      clicked = null;
      return act("double_click", to);
    }
    clickNow();
    clickAt = to;
    clicked = setTimeout(clickNow, DOUBLE);
  });
  screen.addEventListener("contextmenu", (event) => event.preventDefault());
  function mark(at) {
    const marks = document.getElementById("machine-marks");
    marks.setAttribute("viewBox", `0 0 ${image.naturalWidth} ${image.naturalHeight}`);
    const ring = document.createElementNS("http://www.w3.org/2000/svg", "circle");
    for (const [name, value] of [["cx", at.x], ["cy", at.y], ["r", 14], ["class", "ring"]]) ring.setAttribute(name, value);
    marks.replaceChildren(ring);
    setTimeout(() => ring.remove(), 900);
  }
  let scrolled = 0, scrolling = null;
  screen.addEventListener("wheel", (event) => {
    event.preventDefault();
    scrolled += event.deltaY;
    const at = spot(event);
    clearTimeout(scrolling);
    scrolling = setTimeout(() => {
      const amount = Math.max(1, Math.min(20, Math.round(Math.abs(scrolled) / 100)));
      act("scroll", { ...at, direction: scrolled > 0 ? "down" : "up", amount });
      scrolled = 0;
    }, 120);
  }, { passive: false });

  let typed = "", flushing = null;
  function flush() {
    clearTimeout(flushing);
    if (typed) act("type", { text: typed });
    typed = "";
  }
  screen.addEventListener("keydown", (event) => {
    if (event.isComposing) return;
    event.preventDefault();
    event.stopPropagation();
    if (event.key === "Escape" && event.shiftKey) { flush(); document.getElementById("type-text").focus(); return; }
    if (["Shift", "Control", "Alt", "Meta", "AltGraph", "CapsLock", "Dead"].includes(event.key)) return;
    const combo = [event.ctrlKey && "Control", event.altKey && "Alt", event.metaKey && "Meta"].filter(Boolean);
    const isText = event.key.length === 1 && (!combo.length || event.getModifierState("AltGraph"));
    if (isText) { typed += event.key; clearTimeout(flushing); flushing = setTimeout(flush, 80); return; }
    flush();
    if (event.shiftKey) combo.push("Shift");
    if (combo.length) act("key_combo", { keys: [...combo, event.key] });
    else act("key_press", { key: event.key });
  });
  screen.addEventListener("paste", (event) => { event.preventDefault(); const text = event.clipboardData.getData("text"); if (text) act("type", { text }); });
  screen.addEventListener("focus", () => { if (!ended) { keys.textContent = "Keys go to the machine"; keys.classList.add("on"); } });
  screen.addEventListener("blur", () => { flush(); if (!ended) { keys.textContent = "Keys stay with this page"; keys.classList.remove("on"); } });

  const text = document.getElementById("type-text");
  document.getElementById("type-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (text.value) act("type", { text: text.value });
    text.value = "";
  });
  document.getElementById("type-show").addEventListener("change", (event) => { text.type = event.target.checked ? "text" : "password"; });
  for (const button of document.querySelectorAll("[data-press]")) button.addEventListener("click", () => act("key_press", { key: button.dataset.press }));

  async function keep() {
    if (ended || document.hidden) return;
    try {
      const answer = await fetch(page.dataset.keep, { method: "POST", headers: { "X-CSRFToken": consoleToken() } });
      if (!answer.ok) { fail(await sentence(answer)); if (answer.status === 409) stop(); }
    } catch { /* the lease lapses by itself when this goes on */ }
  }
  setInterval(look, POLL);
  setInterval(keep, KEEP);
  setInterval(() => { if (shownAt) age.textContent = `picture ${Math.round((Date.now() - shownAt) / 1000)} s old`; }, 1000);
  document.addEventListener("visibilitychange", () => { if (!document.hidden) { keep(); look(); } });
  look();
})();
