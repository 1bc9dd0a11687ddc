// Shows an answer while it is made. Without it the form is sent, and the page comes back with it.
(() => {
  "use strict";

  const form = document.querySelector("form[data-streams]");
  if (!form || !window.ReadableStream) return;
  const turns = document.getElementById("turns");
  const field = form.elements.question;

  function begin(question) {
    const turn = document.createElement("article");
    turn.className = "turn";
    const asked = turn.appendChild(document.createElement("p"));
    asked.className = "turn-question";
    asked.textContent = question;
    const answer = turn.appendChild(document.createElement("div"));
    answer.className = "turn-answer";
    const waits = answer.appendChild(document.createElement("p"));
    waits.className = "turn-waits";
    waits.textContent = form.dataset.thinking;
    document.querySelector(".assistant-start")?.remove();
    turns.append(turn);
    turn.scrollIntoView({ block: "nearest" });
    return { turn, answer, waits };
  }

  // A line of JSON each: sentences as they come, and at the end the turn as it is kept.
  function take(line, shown) {
    if (line.sentence) {
      shown.waits.remove();
      shown.answer.appendChild(document.createElement("p")).textContent = line.sentence;
    } else {
      const kept = document.createElement("template");
      kept.innerHTML = line.turn;
      shown.turn.replaceWith(kept.content);
      history.replaceState(null, "", line.page);
      form.action = line.page;
    }
  }

  async function ask(question) {
    const shown = begin(question);
    const answer = await fetch(form.action || location.href, {
      method: "POST",
      headers: { "Accept": "application/x-ndjson" },
      body: new FormData(form),
    });
    if (!answer.ok || !answer.headers.get("Content-Type").startsWith("application/x-ndjson")) throw new Error();
    const reader = answer.body.pipeThrough(new TextDecoderStream()).getReader();
    let text = "", ended = false;
    for (let piece = await reader.read(); !piece.done; piece = await reader.read()) {
      const lines = (text + piece.value).split("\n");
      text = lines.pop();
      for (const line of lines.map((one) => JSON.parse(one))) {
        take(line, shown);
        ended ||= "turn" in line;
      }
    }
    if (!ended) throw new Error();
  }

  form.addEventListener("submit", async (event) => {
    event.preventDefault();
    const button = form.querySelector("button");
    button.disabled = true;
    try {
      await ask(field.value);
      field.value = "";
    } catch {
      form.submit(); // the page says what is wrong
      return;
    }
    button.disabled = false;
    field.focus();
  });
})();
