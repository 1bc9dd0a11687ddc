// Before the first paint: the visitor's own choice, or what the system prefers.
(() => {
  const root = document.documentElement;
  const dark = matchMedia("(prefers-color-scheme: dark)");
  let chosen = null;
  try { chosen = localStorage.getItem("theme"); } catch { /* storage may be closed to us */ }
  const show = () => { root.dataset.bsTheme = chosen || (dark.matches ? "dark" : "light"); };
  dark.addEventListener("change", show);
  window.allianceTheme = {
    toggle() {
      chosen = root.dataset.bsTheme === "dark" ? "light" : "dark";
      try { localStorage.setItem("theme", chosen); } catch { /* then only for this page */ }
      show();
    },
  };
  // Paper is white.
  addEventListener("beforeprint", () => { root.dataset.bsTheme = "light"; });
  addEventListener("afterprint", show);
  show();
})();
