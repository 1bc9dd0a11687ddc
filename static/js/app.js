// The little that the pages do beyond HTML: copy, theme, alerts, charts, and htmx's manners.
(() => {
  "use strict";

  const say = (words) => { document.getElementById("said").textContent = words; };

  // --- copy buttons: <button data-copy="text" data-copied="Copied"> ---------------------------
  async function copy(text) {
    try {
      await navigator.clipboard.writeText(text);
      return true;
    } catch {
      // Plain http on another machine has no clipboard; select in a field and let the browser do it.
      const field = document.createElement("textarea");
      field.value = text;
      field.setAttribute("readonly", "");
      field.className = "visually-hidden";
      document.body.append(field);
      field.select();
      const done = document.execCommand("copy");
      field.remove();
      return done;
    }
  }

  document.addEventListener("click", async (event) => {
    const button = event.target.closest("[data-copy]");
    if (!button) return;
    event.preventDefault();
    const done = await copy(button.dataset.copy);
    button.focus();
    if (!done) { window.prompt("", button.dataset.copy); return; }
    button.classList.add("is-copied");
    say(document.body.dataset.copied);
    setTimeout(() => button.classList.remove("is-copied"), 1600);
  });

  // --- tabs that do not fit: the one in view lies in sight --------------------------------------
  for (const tab of document.querySelectorAll(".tabs [aria-current]")) {
    const row = tab.parentElement;
    if (row.scrollWidth > row.clientWidth) row.scrollLeft = tab.offsetLeft - row.offsetLeft - 24;
  }

  // --- theme, alerts, choices that submit at once ---------------------------------------------
  document.addEventListener("click", (event) => {
    if (event.target.closest("[data-theme-toggle]")) {
      window.allianceTheme.toggle();
      drawAll();
    }
    const close = event.target.closest("[data-dismiss]");
    if (close) close.closest(".alert").remove();
    if (event.target.closest("[data-print]")) window.print();
  });

  // Enter sends a question; Shift and Enter begin a line, and Enter also picks what an input method offers. Safari
  // ends the composition before that key: it says so by 229 alone.
  document.addEventListener("keydown", (event) => {
    const field = event.target.closest?.("textarea[data-enter-sends]");
    const composing = event.isComposing || event.keyCode === 229;
    if (!field || event.key !== "Enter" || event.shiftKey || composing) return;
    event.preventDefault();
    field.form.requestSubmit();
  });

  // "/" leads to the search field, unless somebody is typing.
  document.addEventListener("keydown", (event) => {
    if (event.key !== "/" || event.ctrlKey || event.metaKey || event.altKey) return;
    if (event.target.closest("input, textarea, select, [contenteditable]")) return;
    const field = document.querySelector("[data-finder]");
    if (!field?.checkVisibility()) return;
    event.preventDefault();
    field.focus();
  });

  document.addEventListener("change", (event) => {
    if (event.target.matches("[data-submits]")) event.target.form.requestSubmit();
    const all = event.target.closest("[data-ticks]");
    if (all) {
      for (const box of all.form.elements) if (box.name === all.dataset.ticks) box.checked = all.checked;
    }
  });

  // --- waiting: a form is sent once, and its button shows that it is on its way ------------------
  const AGAIN = 10_000; // milliseconds, after which one may try again
  const released = (form) => {
    delete form.dataset.sent;
    form.querySelectorAll(".btn-loading").forEach((one) => one.classList.remove("btn-loading"));
  };
  document.addEventListener("submit", (event) => {
    const form = event.target;
    if (event.defaultPrevented || form.method !== "post") return;
    if (form.dataset.sent) { event.preventDefault(); return; }
    form.dataset.sent = "yes";
    event.submitter?.classList.add("btn-loading");
    setTimeout(() => released(form), AGAIN);
  });
  addEventListener("pageshow", (event) => {
    if (event.persisted) document.querySelectorAll("form[data-sent]").forEach(released);
  });

  // --- htmx -------------------------------------------------------------------------------------
  let asked = 0;
  const waits = (more) => {
    asked = Math.max(0, asked + more);
    document.body.classList.toggle("is-waiting", asked > 0);
  };
  document.addEventListener("htmx:before:request", () => waits(1));
  document.addEventListener("htmx:finally:request", () => waits(-1));
  document.addEventListener("htmx:config:request", (event) => {
    const request = event.detail.ctx.request;
    if (request.method.toUpperCase() !== "GET") {
      request.headers["X-CSRFToken"] = document.querySelector('meta[name="csrf-token"]').content;
    }
  });
  document.addEventListener("htmx:after:swap", (event) => {
    const alerts = document.getElementById("alerts");
    if (event.detail.ctx.target === alerts || event.detail.ctx.hx?.retarget === "#alerts") {
      alerts.scrollIntoView({ block: "nearest" });
    }
    drawAll();
  });
  // A part that does not come leaves the page as it is, and says so where messages are.
  function alarm(words) {
    const place = document.getElementById("alerts");
    if (!place) { say(words); return; }
    const alert = document.createElement("div");
    alert.className = "alert alert-danger";
    alert.setAttribute("role", "alert");
    alert.textContent = words;
    place.replaceChildren(alert);
    place.scrollIntoView({ block: "nearest" });
  }
  document.addEventListener("htmx:error", () => alarm(document.body.dataset.offline));
  document.addEventListener("htmx:response:error", (event) => {
    if (event.detail.ctx.response.status >= 500) alarm(document.body.dataset.broken);
  });
  // Whose session has ended signs in again on a whole page, not within a part of one.
  document.addEventListener("htmx:before:response", (event) => {
    const { raw } = event.detail.ctx.response;
    if (raw.redirected && new URL(raw.url).pathname.startsWith("/accounts/login")) {
      event.preventDefault();
      location.reload();
    }
  });

  // --- charts: <canvas data-chart="id-of-json_script" aria-label="…" role="img"> ----------------
  // A custom property holds its words unread ("light-dark(…)"), which a canvas does not understand.
  const probe = document.createElement("i");
  const colour = (name, alpha = 1) => {
    probe.style.color = `var(${name})`;
    document.body.append(probe);
    const seen = getComputedStyle(probe).color;
    probe.remove();
    return alpha < 1 ? `color-mix(in srgb, ${seen} ${alpha * 100}%, transparent)` : seen;
  };

  function draw(canvas) {
    const config = JSON.parse(document.getElementById(canvas.dataset.chart).textContent);
    const palette = [1, 2, 3, 4, 5, 6].map((n) => `--chart-${n}`);
    const area = config.type === "line";
    const slices = ["doughnut", "pie"].includes(config.type);
    config.data.datasets.forEach((set, i) => {
      const own = set.quiet ? "--chart-words" : palette[i % palette.length];
      set.borderColor ??= slices ? colour("--chart-paper") : colour(own);
      set.backgroundColor ??= slices ? palette.map((one) => colour(one)) : colour(own, area ? 0.12 : 1);
      if (area) Object.assign(set, { fill: i === 0, tension: 0.3, pointRadius: 0, borderWidth: 2, pointHitRadius: 12, ...set });
      if (config.type === "bar") Object.assign(set, { borderRadius: 4, maxBarThickness: 28, ...set });
    });
    // Amounts come in minor units with a currency, so the axis reads like the page around it.
    const { currency, digits = 2, ...options } = config.options ?? {};
    const language = document.documentElement.lang;
    const amount = currency && new Intl.NumberFormat(language, { style: "currency", currency });
    const words = (value) => (amount ? amount.format(value / 10 ** digits) : new Intl.NumberFormat(language).format(value));
    const axis = { grid: { color: colour("--chart-grid") }, ticks: { color: colour("--chart-words"), maxTicksLimit: 6 }, border: { display: false } };
    canvas.chart?.destroy();
    canvas.chart = new window.Chart(canvas, {
      type: config.type,
      data: config.data,
      options: {
        responsive: true,
        maintainAspectRatio: false,
        animation: matchMedia("(prefers-reduced-motion: reduce)").matches ? false : { duration: 300 },
        interaction: { mode: "index", intersect: false },
        scales: slices ? {} : {
          x: { ...axis, grid: { display: false }, ticks: { ...axis.ticks, maxRotation: 0, maxTicksLimit: 8, autoSkipPadding: 12 } },
          y: { ...axis, beginAtZero: true, ticks: { ...axis.ticks, callback: words } },
        },
        plugins: {
          legend: { display: config.data.datasets.length > 1 || slices, labels: { color: colour("--chart-words"), usePointStyle: true, boxHeight: 6 } },
          tooltip: { callbacks: { label: (item) => `${item.dataset.label ?? item.label}: ${words(item.parsed.y ?? item.parsed)}` } },
        },
        ...options,
      },
    });
  }

  function drawAll() {
    if (window.Chart) document.querySelectorAll("canvas[data-chart]").forEach(draw);
  }
  drawAll();
})();
