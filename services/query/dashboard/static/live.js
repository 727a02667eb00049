// Nå moves by itself: parts that changed come as server-sent events. Without this file the page stands still and can be reloaded.
(() => {
  const age = document.querySelector("[data-live]");
  const pause = age.querySelector("[data-pause]");
  const ago = age.querySelector("[data-ago]");
  const trouble = age.querySelector("[data-trouble]");
  const words = { pause: pause.textContent, resume: pause.dataset.resume };
  let events = null;

  const say = (text) => {
    if (trouble.textContent !== text) trouble.textContent = text;
  };

  const put = (name, html) => {
    const part = document.querySelector(`[data-part="${name}"]`);
    if (!part) return;
    const open = [...part.querySelectorAll("details[open]")].map((found) => found.dataset.keep);
    const focused = part.contains(document.activeElement)
      ? document.activeElement.closest("[data-keep]")?.dataset.keep
      : undefined;
    part.innerHTML = html;
    for (const details of part.querySelectorAll("details[data-keep]")) {
      details.open = open.includes(details.dataset.keep);
      if (details.dataset.keep === focused) details.querySelector("summary").focus();
    }
  };

  const show = (event) => {
    const told = JSON.parse(event.data);
    ago.textContent = told.ago;
    age.toggleAttribute("data-stale", told.stale);
    age.toggleAttribute("data-on", !told.stale);
    say(told.stale ? age.dataset.staleText : "");
    for (const [name, html] of Object.entries(told.parts)) put(name, html);
  };

  const stop = () => {
    events?.close();
    events = null;
    age.removeAttribute("data-on");
    pause.textContent = words.resume;
  };

  const start = () => {
    pause.textContent = words.pause;
    events = new EventSource(age.dataset.live);
    events.addEventListener("now", show);
    events.addEventListener("ended", () => {
      stop();
      location.reload();
    });
    events.addEventListener("error", () => {
      age.removeAttribute("data-on");
      age.setAttribute("data-stale", "");
      say(age.dataset.lost);
    });
  };

  pause.hidden = false;
  pause.addEventListener("click", () => (events ? stop() : start()));
  // a page that nobody sees asks for nothing, and one that is come back to is new at once
  let paused = false;
  document.addEventListener("visibilitychange", () => {
    if (document.hidden && events) {
      stop();
      paused = true;
    } else if (!document.hidden && paused) {
      paused = false;
      start();
    }
  });
  start();
})();
