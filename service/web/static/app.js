"use strict";
// Enhancement only: every page works without this file.
document.addEventListener("DOMContentLoaded", () => {
  const focus = document.querySelector(".summary[role=alert]") || document.querySelector("#hits");
  if (focus) {
    focus.focus();
  }
  // Name rows that are empty stay folded away until they are asked for.
  const rows = Array.from(document.querySelectorAll("form > fieldset .name-row")).slice(1);
  const empty = rows.filter((row) => !row.querySelector("input").value);
  if (empty.length > 0) {
    const more = document.createElement("button");
    more.type = "button";
    more.className = "quiet";
    more.textContent = "Another name";
    empty[0].before(more);
    empty.forEach((row) => { row.hidden = true; });
    more.addEventListener("click", () => {
      const next = empty.shift();
      next.hidden = false;
      next.querySelector("input").focus();
      next.after(more);
      if (empty.length === 0) {
        more.remove();
      }
    });
  }
});
