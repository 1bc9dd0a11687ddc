/* Keeps the click id of the alliance for 15 days, on the shop's own side, once the buyer has agreed. */
(function () {
  "use strict";
  var KEY = "taoke_click", DAY = 864e5, LIVES = 15 * DAY;
  var said = document.currentScript.dataset;
  var landed = new URLSearchParams(location.search).get("click_id") || "";
  var agreed = false;

  function keep(value) {
    try {
      if (value) localStorage.setItem(KEY, JSON.stringify(value));
      else localStorage.removeItem(KEY);
    } catch (error) { /* The browser keeps nothing: the id lasts as long as this page. */ }
  }
  function kept() {
    try {
      var found = JSON.parse(localStorage.getItem(KEY)) || {};
      var age = Date.now() - found.at;
      if (age >= 0 && age < LIVES) return found.id;
      keep(null);
    } catch (error) { keep(null); }
    return "";
  }
  function click() {
    return agreed ? landed || kept() : "";
  }
  function fill() {
    var id = click();
    document.querySelectorAll(said.forms || "form[data-taoke]").forEach(function (form) {
      var field = form.querySelector("input[name=click_id]");
      if (!id) { if (field) field.value = ""; return; }
      if (!field) {
        field = document.createElement("input");
        field.type = "hidden";
        field.name = "click_id";
        form.appendChild(field);
      }
      field.value = id;
    });
  }
  function consent(yes) {
    agreed = yes === true;
    if (!agreed) keep(null);
    else if (landed) keep({ id: landed, at: Date.now() });
    fill();
  }
  /* To the shop's own server (data-report), which knows the key of /api/v1/conversions. */
  function order(facts) {
    var id = click();
    if (!id || !said.report) return false;
    var body = JSON.stringify(Object.assign({}, facts, { click_id: id }));
    return navigator.sendBeacon(said.report, new Blob([body], { type: "application/json" }));
  }

  if (!/^[\w-]{8,64}$/.test(landed)) landed = "";
  window.taoke = { consent: consent, click: click, fill: fill, order: order };
  if (said.consent === "not-needed") consent(true);
  document.addEventListener("DOMContentLoaded", fill);
})();
