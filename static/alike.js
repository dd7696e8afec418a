/* Owns the page of approvals that are alike: how many are ticked stands on each button. */
(() => {
  "use strict";
  const form = document.getElementById("alike");
  if (!form) return;
  const boxes = [...form.querySelectorAll("input[name=member]")], none = form.querySelector("[data-tick-none]");
  const words = none ? [none.textContent, none.dataset.all] : [];

  function show() {
    const ticked = boxes.filter((box) => box.checked).length;
    for (const place of form.querySelectorAll("[data-ticked]")) place.textContent = ticked;
    for (const button of form.querySelectorAll("button[name=verdict]")) button.disabled = !ticked;
    if (none) none.textContent = words[ticked ? 0 : 1];
  }
  none?.addEventListener("click", () => {
    const any = boxes.some((box) => box.checked);
    for (const box of boxes) box.checked = !any;
    show();
  });
  form.addEventListener("change", show);
  window.addEventListener("pageshow", show);
  show();
})();
