/* Owns a run's film: the slider over its steps, play and pause, frames fetched ahead; and the live screen. */
(() => {
  "use strict";
  const film = document.getElementById("film");
  if (!film) return;
  const part = (name) => film.querySelector(`[data-film-${name}]`);
  const [present, past, said, problem, play, slider, ticks, speed, newest, place, title] =
    ["present", "past", "said", "problem", "play", "slider", "ticks", "speed", "newest", "place", "title"].map(part);
  const shot = past.querySelector(".shot"), caption = past.querySelector("figcaption"), flip = past.querySelector(".flip");
  const KEPT = 24, AHEAD = 3;

  const whyOff = newest.title;

  let stops = [], loading = null, playing = 0, following = true, shown = -1;
  const images = new Map(); // frame index -> <img>; those on screen last are kept longest
  const isOver = () => Boolean(document.querySelector(".run-head[data-ended]"));

  const address = (index) => film.dataset.frame.replace(/0\.jpg$/, `${index}.jpg`);
  function image(index) {
    let found = images.get(index);
    images.delete(index);
    if (!found) {
      found = new Image();
      found.src = address(index);
      found.decoding = "async";
    }
    images.set(index, found);
    for (const old of images.keys()) { if (images.size <= KEPT) break; images.delete(old); }
    return found;
  }

  async function load() {
    loading ??= fetchAll().finally(() => { loading = null; });
    return loading;
  }
  async function fetchAll() {
    // The last stop may have grown since: it is asked for again.
    let after = stops.length ? stops[stops.length - 1].first - 1 : 0;
    const fresh = [];
    for (;;) {
      const answer = await fetch(`${film.dataset.film}?after=${after}`, { cache: "no-store" });
      if (!answer.ok || answer.redirected) return;
      const told = await answer.json();
      fresh.push(...told.stops);
      if (!told.next) break;
      after = told.next;
    }
    if (fresh.length) stops = stops.filter((stop) => stop.first < fresh[0].first).concat(fresh);
    slider.max = Math.max(0, stops.length - 1);
    if (following) slider.value = slider.max;
    drawTicks();
    tell();
    document.dispatchEvent(new CustomEvent("console:film", { detail: stops }));
  }

  function drawTicks() {
    const last = Math.max(1, stops.length - 1);
    ticks.replaceChildren(...stops.flatMap((stop, at) => {
      if (!stop.is) return [];
      const tick = document.createElementNS("http://www.w3.org/2000/svg", "rect");
      tick.setAttribute("class", `tick-${stop.is}`);
      tick.setAttribute("x", Math.round((at / last) * 1000) - 3);
      tick.setAttribute("width", 6);
      tick.setAttribute("height", 8);
      return [tick];
    }));
  }

  const clock = (at) => (window.consoleClock ? consoleClock.clock(new Date(at)) : at);
  function words(stop) {
    const step = stop.step ? interpolate(gettext("Step %s"), [stop.step]) : gettext("Start");
    const kinds = { error: gettext("an error"), pause: gettext("a pause") };
    return [step, kinds[stop.is], clock(stop.at), stop.cents].filter(Boolean).join(" · ");
  }
  /* Whether the page shows later events than the film's end, as far as it was read. */
  function isBehind() {
    const told = document.querySelectorAll(".timeline [data-seq]");
    return following && stops.length > 0 && told.length > 0 && Number(told[told.length - 1].dataset.seq) > stops[stops.length - 1].last;
  }
  function tell() {
    const stop = stops[Number(slider.value)];
    const text = stop ? words(stop) : "";
    place.textContent = isBehind() ? gettext("Newest") : text;
    slider.setAttribute("aria-valuetext", following && stop ? `${gettext("Newest")}, ${text}` : text);
  }

  function draw() {
    const at = Number(slider.value), stop = stops[at];
    tell();
    newest.disabled = following;
    newest.title = following ? whyOff : "";
    present.hidden = !following;
    past.hidden = said.hidden = following || !stop;
    title.textContent = following ? present.querySelector("section")?.getAttribute("aria-label") || "" : gettext("Replay");
    if (following || !stop) { shown = -1; document.dispatchEvent(new Event("console:screen")); return; }
    live.stop();
    // A step without a picture of its own shows the one before it.
    let from = at;
    while (from > 0 && stops[from].frame === null) from -= 1;
    const seen = stops[from];
    if (shown !== at) put(stop, seen);
    shown = at;
    for (let next = at + 1; next <= at + AHEAD && next < stops.length; next += 1) if (stops[next].frame !== null) image(stops[next].frame);
    if (at && stops[at - 1].frame !== null) image(stops[at - 1].frame);
  }
  function put(stop, seen) {
    flip.hidden = seen !== stop || stop.after === null || stop.after === undefined;
    if (!flip.hidden) flip.dataset.flip = address(stop.after);
    flip.setAttribute("aria-pressed", "false");
    shot.classList.remove("flipped");
    said.textContent = [stop.says, stop.did, stop.asks, stop.wrong].filter(Boolean).join("\n") || gettext("Nothing was said or done.");
    if (seen.frame === null) {
      shot.replaceChildren();
      caption.textContent = gettext("No picture yet");
      return;
    }
    const picture = image(seen.frame);
    picture.alt = interpolate(gettext("Screen of the machine, frame %s"), [seen.frame]);
    if (seen.width && seen.height) [picture.width, picture.height] = [seen.width, seen.height]; // its room is kept before it has come
    shot.href = address(seen.frame);
    shot.replaceChildren(picture, ...(seen === stop ? marks(seen) : []));
    caption.textContent = `${interpolate(gettext("Frame %s"), [seen.frame])} · ${words(stop)}`;
  }
  function marks(stop) {
    if (!stop.marks?.length || !stop.width) return [];
    const svg = (name, attributes) => {
      const made = document.createElementNS("http://www.w3.org/2000/svg", name);
      for (const [key, value] of Object.entries(attributes)) made.setAttribute(key, value);
      return made;
    };
    const drawn = svg("svg", { class: "marks", viewBox: `0 0 ${stop.width} ${stop.height}`, "aria-hidden": "true" });
    for (const mark of stop.marks) {
      for (const [cx, cy] of mark.spots) drawn.append(svg("circle", { class: "halo", cx, cy, r: 20 }), svg("circle", { class: "ring", cx, cy, r: 20 }), svg("circle", { class: "dot", cx, cy, r: 4 }));
      if (mark.spots.length > 1) drawn.append(svg("line", { class: "ring", x1: mark.spots[0][0], y1: mark.spots[0][1], x2: mark.spots[1][0], y2: mark.spots[1][1] }));
    }
    return [drawn];
  }

  function go(at) {
    const last = stops.length - 1;
    slider.value = Math.max(0, Math.min(last, at));
    following = Number(slider.value) >= last && !playing && !isOver() && at > last;
    draw();
  }
  function follow() { pause(); following = true; slider.value = slider.max; draw(); load(); }

  function setPlaying(timer) {
    playing = timer;
    play.setAttribute("aria-label", timer ? gettext("Pause") : gettext("Play"));
    play.querySelector("[data-when-still]").hidden = Boolean(timer);
    play.querySelector("[data-when-playing]").hidden = !timer;
  }
  function pause() { clearTimeout(playing); setPlaying(0); }
  async function start() {
    await load();
    if (!stops.length) return;
    if (Number(slider.value) >= stops.length - 1) slider.value = 0;
    following = false;
    draw();
    next();
  }
  function next() {
    const at = Number(slider.value), stop = stops[at], then = stops[at + 1];
    if (!then) { pause(); if (!isOver()) follow(); return; }
    // As long as it took, within what one likes to look at.
    const gap = Math.max(500, Math.min(2000, new Date(then.at) - new Date(stop.at))) / Number(speed.value);
    setPlaying(setTimeout(async () => {
      if (then.frame !== null) await image(then.frame).decode().catch(() => {});
      if (!playing) return;
      slider.value = at + 1;
      draw();
      next();
    }, gap));
  }
  const toggle = () => (playing ? pause() : start());

  play.addEventListener("click", toggle);
  newest.addEventListener("click", follow);
  slider.addEventListener("input", () => { pause(); following = false; draw(); });
  slider.addEventListener("keydown", (event) => { if (event.key === " ") { event.preventDefault(); toggle(); } });
  for (const name of ["pointerenter", "focusin"]) film.addEventListener(name, () => load());
  document.addEventListener("console:go", (event) => {
    const at = stops.findIndex((stop) => stop.last >= event.detail);
    if (at >= 0) { pause(); following = false; slider.value = at; draw(); }
  });
  let again = 0, over = isOver();
  document.addEventListener("htmx:wsAfterMessage", () => {
    if (isOver() !== over) { over = isOver(); clearTimeout(again); again = 0; }
    if (following) tell();
    if (document.hidden || again || (following && !isBehind())) return;
    // Who looks at the newest needs of the film only how long it is.
    again = setTimeout(() => { again = 0; load(); }, following && !over ? 10_000 : 2000);
  });

  const live = (() => {
    const button = film.querySelector("[data-live]"), figure = film.querySelector("[data-film-live]");
    if (!button) return { stop() {} };
    const canvas = figure.querySelector("canvas"), time = figure.querySelector("time");
    let on = false, timer = 0, isSeen = true, asked = 0;
    new IntersectionObserver((found) => { isSeen = found[found.length - 1].isIntersecting; wake(); }).observe(film);
    document.addEventListener("visibilitychange", () => wake());
    document.addEventListener("console:screen", () => show(on && drawn));
    let drawn = false;

    function show(isLive) {
      figure.hidden = !isLive || !following;
      present.hidden = isLive || !following;
    }
    function wake() { if (on && !timer && !document.hidden && isSeen) timer = setTimeout(ask, Math.max(0, 2000 - (Date.now() - asked))); }
    async function ask() {
      asked = Date.now();
      await once().catch(() => fail(gettext("The console did not answer.")));
      timer = 0;
      if (on && isOver()) stop();
      wake();
    }
    async function once() {
      const answer = await fetch(film.dataset.now, { cache: "no-store" });
      if (!answer.ok || answer.redirected) return fail(gettext("The console did not answer."));
      if (answer.headers.get("Content-Type").startsWith("application/json")) {
        const told = await answer.json();
        return told.over ? stop() : fail(told.why);
      }
      const picture = await createImageBitmap(await answer.blob());
      if (!on) return;
      if (canvas.width !== picture.width || canvas.height !== picture.height) { canvas.width = picture.width; canvas.height = picture.height; }
      canvas.getContext("2d").drawImage(picture, 0, 0);
      picture.close();
      time.dateTime = answer.headers.get("X-Taken-At");
      problem.hidden = drawn = true;
      show(true);
    }
    function fail(why) {
      if (!on) return;
      drawn = false;
      show(false);
      problem.textContent = `${gettext("No live picture; the newest frame is shown.")} ${why}`;
      problem.hidden = false;
    }
    function set(isOn) {
      on = isOn;
      button.setAttribute("aria-pressed", String(isOn));
      if (!isOn) { clearTimeout(timer); timer = 0; drawn = false; problem.hidden = true; show(false); }
    }
    function stop() { if (on) set(false); }
    button.addEventListener("click", () => { set(!on); if (on) { if (!following) follow(); wake(); } });
    return { stop };
  })();

  if ("requestIdleCallback" in window) requestIdleCallback(() => load(), { timeout: 1500 }); else setTimeout(load, 500);
})();
