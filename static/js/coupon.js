/* The coupon page works without this: it counts the seconds, lets the button go, copies the code. */
(() => {
  const page = document.documentElement;
  const ahead = Number(page.dataset.now) * 1000 - Date.now();
  const clock = document.querySelector("[data-until]");
  if (clock) {
    const until = Number(clock.dataset.until) * 1000;
    const two = (n) => String(n).padStart(2, "0");
    let over = false;
    const tick = () => {
      const left = Math.max(0, Math.ceil((until - Date.now() - ahead) / 1000));
      const days = Math.floor(left / 86400);
      const rest = `${two(Math.floor(left / 3600) % 24)}:${two(Math.floor(left / 60) % 60)}:${two(left % 60)}`;
      clock.textContent = (days ? `${(days === 1 ? clock.dataset.day : clock.dataset.days).replace("9", days)} ` : "") + rest;
      if (left || over) return;
      over = true;
      const button = document.querySelector("button[data-waits]");
      if (button) {
        button.disabled = false;
        button.textContent = button.dataset.ready;
        clock.closest(".clock").hidden = true;
        document.getElementById("said").textContent = button.dataset.ready;
      }
    };
    tick();
    setInterval(tick, 250);
  }
  const copy = document.querySelector("button[data-copy]");
  if (copy && navigator.clipboard) {
    copy.hidden = false;
    copy.addEventListener("click", () =>
      navigator.clipboard.writeText(copy.dataset.copy).then(() => {
        copy.textContent = document.getElementById("said").textContent = copy.dataset.done;
      }),
    );
  }
  const form = document.querySelector("form");
  if (form) {
    form.addEventListener("submit", () => {
      const button = form.querySelector("button");
      setTimeout(() => (button.disabled = true));
      setTimeout(() => (button.disabled = false), 4000);
    });
  }
})();
