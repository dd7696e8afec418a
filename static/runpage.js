/* Owns what a reader does with a run's timeline: choose, jump, follow, flip a frame; and that nothing moves under the pointer. */
(() => {
  "use strict";
  const page = document.querySelector(".run-page");
  if (!page) return;
  const timeline = () => document.getElementById(page.dataset.timeline);
  const isOver = () => Boolean(page.querySelector(".run-head[data-ended]"));
  const say = (text) => { document.getElementById("announcer").textContent = text; };

  // What is shown.
  page.addEventListener("click", (event) => {
    const choice = event.target.closest("[data-only]");
    if (!choice) return;
    page.dataset.shows = choice.dataset.only;
    for (const button of page.querySelectorAll("[data-only]")) button.setAttribute("aria-pressed", String(button === choice));
    gatherChosen();
  });
  const gatherChosen = () => gather({ error: "error", human: "pause" }[page.dataset.shows]);

  // Jumps: of what is not on the page yet, the steps around the wanted one are fetched; a button stays for the rest.
  const toStep = page.querySelector("[data-to-step]");
  let stops = [], at = 0;
  document.addEventListener("console:film", (event) => {
    stops = event.detail;
    for (const button of page.querySelectorAll("[data-jump]")) {
      const count = stops.filter((stop) => stop.is === button.dataset.jump).length;
      button.disabled = !count;
      button.title = count ? interpolate(ngettext("%s in this run", "%s in this run", count), [count]) : gettext("There is none in this run");
    }
    toStep.max = Math.max(0, ...stops.map((stop) => stop.step));
    toStep.disabled = toStep.max < 1;
    gatherChosen(); // it may have been chosen before anything was known of the run
  });
  const lacking = (seq) => [...timeline().querySelectorAll(".earlier [data-before]")].find((gap) => gap.dataset.after < seq && seq < gap.dataset.before);
  async function reach(seq, tries = 3) {
    const gap = lacking(seq);
    if (!gap || !tries) return;
    const answer = await fetch(`${gap.getAttribute("hx-get")}&around=${seq}`, { cache: "no-store" });
    if (!answer.ok || answer.redirected) return;
    const part = document.createElement("template"), row = gap.closest("li");
    part.innerHTML = await answer.text();
    if (!row.isConnected) return reach(seq, tries - 1); // somebody else filled it meanwhile
    const gaps = [...part.content.querySelectorAll(".earlier")];
    hold(() => row.replaceWith(part.content));
    for (const left of gaps) htmx.process(left);
  }
  async function gather(kind) {
    // All of a sort, the newest first, for as long as they are what the reader wants to see.
    const shows = page.dataset.shows;
    for (const stop of stops.filter((one) => one.is === kind).reverse()) {
      if (page.dataset.shows !== shows) return;
      await reach(stop.first);
    }
  }
  async function jump(kind) {
    const wanted = stops.filter((stop) => stop.is === kind);
    await show(wanted.find((stop) => stop.first > at) || wanted[0]);
  }
  async function show(next) {
    if (!next) return;
    at = next.first;
    stopFollowing();
    await reach(next.first);
    const step = timeline().querySelector(`.step[data-step="${next.step}"]`);
    if (!step) return;
    step.scrollIntoView({ block: "start" });
    requestAnimationFrame(() => step.scrollIntoView({ block: "start" })); // what it skipped had no height before
    step.tabIndex = -1;
    step.focus({ preventScroll: true });
    document.dispatchEvent(new CustomEvent("console:go", { detail: next.first }));
    say(interpolate(gettext("Step %s"), [next.step]));
  }
  page.addEventListener("click", (event) => {
    const button = event.target.closest("[data-jump]");
    if (button) jump(button.dataset.jump);
  });
  // The step of that number, or the nearest one before it.
  toStep.addEventListener("keydown", (event) => {
    if (event.key === "Enter" && toStep.value) show(stops.findLast((stop) => stop.step <= Math.max(1, Number(toStep.value))));
  });

  // Follow: at the newest step, until the reader scrolls up.
  const button = page.querySelector("[data-follow]");
  let following = false, lastY = scrollY, lastHeight = 0;
  let pulled = false; // by a person, not by the page
  const bottom = () => document.documentElement.scrollHeight - innerHeight;
  function toNewest() {
    scrollTo(0, bottom());
    lastY = scrollY;
    lastHeight = document.documentElement.scrollHeight;
  }
  function setFollowing(on) {
    if (following === on || !button) return;
    following = on;
    button.setAttribute("aria-pressed", String(on));
    if (on) toNewest();
  }
  function stopFollowing() { setFollowing(false); }
  button?.addEventListener("click", () => setFollowing(!following));
  addEventListener("scroll", () => {
    // Only a person scrolls up while the page keeps its height.
    const height = document.documentElement.scrollHeight;
    if (scrollY < lastY - 4 && (pulled || height === lastHeight)) stopFollowing();
    else if (pulled && scrollY > lastY && scrollY >= bottom() - 4 && !isOver()) setFollowing(true);
    lastY = scrollY;
    lastHeight = height;
  }, { passive: true });
  for (const name of ["wheel", "touchmove", "keydown"]) addEventListener(name, () => { pulled = true; setTimeout(() => { pulled = false; }, 300); }, { passive: true });
  // Pictures come late, and steps get their height when they are drawn.
  new ResizeObserver(() => { if (following) toNewest(); }).observe(document.querySelector(".run-timeline"));

  // What is under the pointer, or has the focus, stays where it is while parts of the page are swapped.
  let pointer = null;
  addEventListener("pointermove", (event) => { pointer = event.pointerType === "mouse" ? { x: event.clientX, y: event.clientY } : null; }, { passive: true });
  document.addEventListener("pointerleave", () => { pointer = null; });
  function anchor() {
    const under = pointer ? document.elementFromPoint(pointer.x, pointer.y) : document.activeElement;
    const held = under?.closest("main [id]:not(main)");
    return held ? { id: held.id, top: held.getBoundingClientRect().top } : null;
  }
  function keep(before) {
    const now = before && document.getElementById(before.id);
    const moved = now ? now.getBoundingClientRect().top - before.top : 0;
    if (Math.abs(moved) > 0.5 && now.closest(".run-aside") === null) { scrollBy(0, moved); lastY = scrollY; }
  }
  function hold(change) {
    const before = anchor();
    change();
    keep(before);
  }
  let before = null;
  document.addEventListener("htmx:wsBeforeMessage", () => { before = following ? null : anchor(); });
  document.addEventListener("htmx:wsAfterMessage", () => {
    if (following) toNewest(); else keep(before);
    before = null;
    if (isOver()) stopFollowing();
  });

  // Before and after: the button flips, the key shows the other one for as long as it is held.
  async function flip(button, on) {
    const shot = button.closest("figure").querySelector(".shot");
    let after = shot.querySelector(".shot-after");
    if (on && !after) {
      after = new Image();
      after.className = "shot-after";
      after.alt = gettext("The screen after this step");
      after.src = button.dataset.flip;
      await after.decode().catch(() => {});
      if (button.getAttribute("aria-pressed") !== "true") return;
      shot.append(after);
    }
    if (!on) after?.remove();
    shot.classList.toggle("flipped", on);
  }
  function press(button, on) {
    if ((button.getAttribute("aria-pressed") === "true") === on) return;
    button.setAttribute("aria-pressed", String(on));
    flip(button, on);
  }
  page.addEventListener("click", (event) => {
    const button = event.target.closest("[data-flip]");
    if (button) press(button, button.getAttribute("aria-pressed") !== "true");
  });
  let held = null;
  const isOn = () => { try { return localStorage.getItem("keys") !== "off"; } catch { return true; } };
  addEventListener("keydown", (event) => {
    if (event.key !== "b" || event.repeat || event.ctrlKey || event.metaKey || event.altKey || !isOn()) return;
    if (event.target.closest("input:not([type=range]), textarea, select, [contenteditable], dialog")) return;
    const inView = [...page.querySelectorAll("figure:hover, .step:hover, .step:focus-within, .step:focus")].pop();
    held = inView?.querySelector("[data-flip]") || page.querySelector(".film:has([data-film-past]:not([hidden])) [data-flip]") || null;
    if (held) press(held, true);
  });
  addEventListener("keyup", (event) => { if (event.key === "b" && held) { press(held, false); held = null; } });
})();
