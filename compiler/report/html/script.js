"use strict";
// Search and the choice of what changes. Without this script everything is on the page, too.
(() => {
  const box = document.querySelector("[role=search]");
  const field = box.querySelector("input[type=search]");
  const only = box.querySelector("input[type=checkbox]");
  const count = box.querySelector("output");
  const rows = [...document.querySelectorAll("[data-row]")];
  const groups = [...document.querySelectorAll("main table, main article, main details, main section")].filter(
    (group) => !group.matches("[data-row]") && group.querySelector("[data-row]") !== null,
  );
  const texts = rows.map((row) => row.textContent.toLowerCase().replaceAll(/\s+/g, " "));
  let opened = null;

  const search = () => {
    const words = field.value.toLowerCase().split(/\s+/).filter(Boolean);
    const active = words.length > 0 || only.checked;
    opened ??= groups.map((group) => group.open);
    let shown = 0;
    rows.forEach((row, index) => {
      const found = words.every((word) => texts[index].includes(word));
      row.hidden = !found || (only.checked && row.dataset.row !== "changed");
      shown += row.hidden ? 0 : 1;
    });
    groups.forEach((group, index) => {
      const any = group.querySelector("[data-row]:not([hidden])") !== null;
      group.hidden = active && !any;
      if (group.localName === "details") group.open = active ? any : opened[index];
    });
    if (!active) opened = null;
    count.value = active ? `${shown} found` : "";
  };

  const reveal = () => {
    const target = document.getElementById(location.hash.slice(1));
    if (target === null) return;
    for (let inside = target; inside !== null; inside = inside.parentElement) {
      if (inside.localName === "details") inside.open = true;
      if (inside.hidden) {
        field.value = "";
        only.checked = false;
        search();
      }
    }
    target.scrollIntoView();
  };

  box.hidden = false;
  box.addEventListener("input", search);
  addEventListener("hashchange", reveal);
  addEventListener("keydown", (event) => {
    if (event.key === "/" && document.activeElement !== field && !event.ctrlKey && !event.metaKey && !event.altKey) {
      event.preventDefault();
      field.focus();
    } else if (event.key === "Escape" && document.activeElement === field) {
      field.value = "";
      search();
    }
  });
  reveal();
})();
