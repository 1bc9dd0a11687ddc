/* The long form of a campaign: rows that grow, and rules that show only where they matter. */
(() => {
  "use strict";

  const renumber = (box) => {
    const rows = box.querySelectorAll("tbody tr");
    const name = box.dataset.rows;
    rows.forEach((row, place) => {
      row.querySelectorAll("[name]").forEach((input) => {
        input.name = input.name.replace(new RegExp(`^${name}-\\d+-`), `${name}-${place}-`);
        input.id = `id_${input.name}`;
      });
    });
    box.querySelector("[data-rows-count]").value = rows.length;
  };

  const empty = (row) =>
    row.querySelectorAll("input, select, textarea").forEach((input) => {
      if (input.type === "checkbox") input.checked = false;
      else if (input.tagName === "SELECT") input.selectedIndex = 0;
      else input.value = "";
    });

  document.querySelectorAll("[data-rows]").forEach((box) => {
    const add = box.querySelector("[data-rows-add]");
    add.hidden = false;
    box.querySelectorAll("[data-rows-drop]").forEach((button) => { button.hidden = false; });
    add.addEventListener("click", () => {
      const rows = box.querySelectorAll("tbody tr");
      const fresh = rows[rows.length - 1].cloneNode(true);
      empty(fresh);
      box.querySelector("tbody").append(fresh);
      renumber(box);
      fresh.querySelector("input, select")?.focus();
    });
    box.addEventListener("click", (event) => {
      const drop = event.target.closest("[data-rows-drop]");
      if (!drop) return;
      const rows = box.querySelectorAll("tbody tr");
      if (rows.length > 1) drop.closest("tr").remove();
      else empty(drop.closest("tr"));
      renumber(box);
    });
  });

  const follow = () =>
    document.querySelectorAll("[data-when]").forEach((box) => {
      const other = document.querySelector(`[name="${box.dataset.when}"]`);
      if (!other) return;
      const value = other.type === "checkbox" ? (other.checked ? "True" : "False") : other.value;
      box.hidden = value !== box.dataset.is;
    });
  document.addEventListener("change", follow);
  follow();

  // Who pays decides what else is asked.
  const sponsor = document.querySelector('[name="sponsor"]');
  const part = document.getElementById("id_merchant_bps_box");
  const pays = () => { if (sponsor && part) part.hidden = sponsor.value !== "joint"; };
  document.addEventListener("change", pays);
  pays();
})();
