/* Owns a takeover's page: the machine's screen and its pace, acts sent in order, the lease, privacy, handing back. */
(() => {
  "use strict";
  const page = document.getElementById("takeover");
  const $ = (id) => document.getElementById(id);
  const image = $("machine-image"), frame = $("machine-page");
  const FAST = 250, HURRY = 2000, CALM = 1200, LONGEST = 15000, KEEP = 20000, CHANGE = 5000, KEPT = 20;
  let ended = false;

  function fail(text) { const error = $("machine-error"); error.textContent = text; error.hidden = !text; }
  function stop(why) {
    if (ended) return;
    ended = true;
    clearTimeout(timer);
    frame?.remove();
    if ($("back").open) $("back").close();
    $("over-why").textContent = why;
    $("over").hidden = false;
    page.classList.add("ended");
    document.dispatchEvent(new Event("takeover:ended"));
  }
  async function sentence(answer) {
    try { return (await answer.json()).error.message; } catch { return interpolate(gettext("The console answered %s."), [[answer.status, answer.headers.get("Failure-Id")].filter(Boolean).join(", ")]); }
  }
  function post(address, body, headers = {}) {
    return fetch(address, { method: "POST", headers: { "X-CSRFToken": consoleToken(), ...headers }, body });
  }

  // The screen. A picture is as old as the moment at which it was asked for.
  let timer = 0, fetching = false, hurryUntil = 0, pause = 0, tag = "", sure = 0, lasted = 0;
  function read(blob) {
    return new Promise((resolve, reject) => {
      const reader = new FileReader();
      reader.onload = () => resolve(reader.result);
      reader.onerror = () => reject(reader.error);
      reader.readAsDataURL(blob);
    });
  }
  function plan(delay) {
    clearTimeout(timer);
    if (!ended && !document.hidden && image) timer = setTimeout(look, delay);
  }
  function pace() {
    // At most half of the time is spent asking: an upstream that is slow is asked less often.
    return Math.max(performance.now() < hurryUntil ? FAST : CALM, lasted, pause);
  }
  function hurry() { hurryUntil = performance.now() + HURRY; if (!fetching) plan(0); }
  async function look() {
    if (fetching || ended || document.hidden) return;
    fetching = true;
    const asked = performance.now(), at = Date.now();
    try {
      const answer = await fetch(page.dataset.screen, { cache: "no-store", headers: tag ? { "If-None-Match": tag } : {} });
      if (answer.status !== 304) {
        if (!answer.ok) throw new Error(await sentence(answer));
        image.src = await read(await answer.blob());
        await image.decode();
        image.hidden = false;
        $("machine-wait").hidden = true;
        tag = answer.headers.get("ETag") || "";
      }
      settle(asked, answer.status !== 304);
      sure = at;
      pause = 0;
      if (broken) { broken = false; fail(""); }
    } catch (problem) {
      pause = Math.min(LONGEST, Math.max(1000, pause * 2));
      broken = true;
      fail(problem instanceof TypeError ? gettext("The console can't be reached; the picture is old.") : problem.message);
    }
    lasted = performance.now() - asked;
    fetching = false;
    plan(performance.now() < hurryUntil && lasted < FAST ? FAST - lasted : pace());
  }
  let broken = false;
  function aged() {
    if (!sure || ended) return;
    const seconds = (Date.now() - sure) / 1000;
    $("machine-age").textContent = seconds < 2 ? gettext("live picture") : interpolate(gettext("picture %s s old"), [Math.round(seconds)]);
    $("machine-age").classList.toggle("late", seconds > 5);
  }

  // From the person's act to the first other picture of the machine. One that was on its way while the machine acted
  // counts as soon as the next one, asked for after the answer, shows the same.
  const open = [], took = [];
  let other = { asked: 0, at: 0 };
  function settle(asked, isOther) {
    const now = performance.now();
    if (isOther) other = { asked, at: now };
    while (open.length && open[0].done && open[0].done <= asked) {
      const one = open[0], hasChanged = other.asked >= one.sent;
      if (!hasChanged && now - one.began < CHANGE) break;
      open.shift();
      if (hasChanged) took.push(Math.round(other.at - one.began));
      page.dataset.acts = Number(page.dataset.acts || 0) + 1;
    }
    took.splice(0, took.length - KEPT);
    if (!took.length) return;
    const middle = [...took].sort((a, b) => a - b)[Math.floor((took.length - 1) / 2)];
    $("machine-latency").textContent = interpolate(ngettext("act to new picture %s ms", "act to new picture %s ms, median of the last %s", took.length), [middle, took.length].slice(0, took.length > 1 ? 2 : 1));
    page.dataset.took = took.join(" ");
  }

  // Acts go one after the other, in the order they were made.
  let queue = Promise.resolve(), waiting = 0, settleHeld = () => {};
  function act(command, parameters, { isPrivate = false, began = performance.now() } = {}) {
    settleHeld(); // what the person did before and the pointer still holds back goes first
    const timed = { began, sent: 0, done: 0 };
    open.push(timed);
    waiting += 1;
    tell();
    queue = queue.then(() => send(command, parameters, isPrivate, timed)).finally(() => { waiting -= 1; tell(); });
    return queue;
  }
  function tell() {
    const chip = $("machine-waiting");
    if (!chip) return;
    chip.hidden = waiting < 3;
    chip.textContent = interpolate(ngettext("%s act on its way", "%s acts on their way", waiting), [waiting]);
  }
  async function send(command, parameters, isPrivate, timed) {
    if (ended) return;
    timed.sent = performance.now();
    hurry();
    try {
      const body = JSON.stringify({ command, parameters, private: isPrivate || secret() });
      const answer = await post(page.dataset.act, body, { "Content-Type": "application/json" });
      if (!answer.ok) {
        const why = await sentence(answer);
        fail(why);
        if (answer.status === 409) stop(why);
      } else {
        const said = await answer.json();
        fail(said.success ? "" : interpolate(gettext("The machine could not do it. %s"), [said.error || ""]));
      }
    } catch {
      fail(gettext("The console can't be reached; it is not known whether the machine got this. Look before you repeat it."));
    }
    timed.done = performance.now();
    hurry();
  }

  // The lease: kept while the page is there to be seen. A socket that is lost does not end it.
  async function keep() {
    if (ended || document.hidden) return;
    try {
      const answer = await post(page.dataset.keep);
      if (answer.status === 409) stop(await sentence(answer));
    } catch { /* it lapses by itself when this goes on */ }
  }

  // Privacy: what the switch says, and while the field holds text. The server is told before anything is sent.
  const box = $("private"), text = $("type-text");
  let told = box.checked;
  let going = 0; // private texts on their way
  const secret = () => box.checked || Boolean(text.value) || going > 0;
  async function guard() {
    const on = secret();
    $("private-now").hidden = !on;
    if (on === told || ended) return;
    told = on;
    try {
      const answer = await post(page.dataset.private, new URLSearchParams({ on: on ? "1" : "0" }));
      if (answer.status === 409) stop(await sentence(answer));
      else if (!answer.ok) throw new Error();
    } catch {
      told = !on;
      fail(gettext("The console could not be told what is private; try the switch again."));
    }
  }
  box.addEventListener("change", guard);
  text.addEventListener("input", guard);
  $("type-form").addEventListener("submit", (event) => {
    event.preventDefault();
    if (!text.value) return;
    going += 1;
    told = true; // the act itself says so
    act("type", { text: text.value }, { isPrivate: true }).finally(() => { going -= 1; guard(); });
    text.value = "";
  });
  $("type-show").addEventListener("change", (event) => { text.type = event.target.checked ? "text" : "password"; });
  for (const button of document.querySelectorAll("[data-press]")) button.addEventListener("click", () => act("key_press", { key: button.dataset.press }));
  if (frame) { box.checked = true; told = false; }
  guard();

  // Handing back: the screen as it is, and a draft of what was done; both are the person's to check.
  const dialog = $("back"), note = $("note");
  let drafted = "";
  async function back() {
    settleHeld();
    await queue;
    dialog.showModal();
    note.focus();
    const [draft, shot] = await Promise.allSettled([fetch(page.dataset.draft, { cache: "no-store" }), fetch(page.dataset.screen, { cache: "no-store" })]);
    if (draft.value?.ok) {
      const said = await draft.value.json();
      if (!note.value || note.value === drafted) { note.value = said.note; note.setSelectionRange(note.value.length, note.value.length); }
      drafted = said.note;
      $("back-skipped").textContent = said.skipped ? interpolate(ngettext("%s picture of the run was left out.", "%s pictures of the run were left out.", said.skipped), [said.skipped]) : "";
    } else if (draft.value?.status === 409) stop(await sentence(draft.value));
    if (shot.value?.ok) { $("back-image").src = await read(await shot.value.blob()); $("back-figure").hidden = false; }
  }
  $("back-open").addEventListener("click", back);
  $("back-close").addEventListener("click", () => dialog.close());

  document.addEventListener("htmx:wsAfterMessage", () => { if (page.querySelector(".approval-state[data-over]")) stop(""); });
  document.addEventListener("visibilitychange", () => { if (document.hidden) clearTimeout(timer); else { keep(); plan(0); } });
  setInterval(keep, KEEP);
  if (image) setInterval(aged, 500);
  window.takeover = { act, before: (settle) => { settleHeld = settle; }, ended: () => ended, fail };
  plan(0);
})();
