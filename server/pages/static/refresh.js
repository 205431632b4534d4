// Brings the overview up to date in place, so that the reader's scroll and focus stay. Without it the page works as well.
"use strict";
setInterval(async () => {
  const fresh = document.getElementById("fresh");
  if (document.hidden || fresh.contains(document.activeElement)) return;
  try {
    const answer = await fetch(location.href);
    if (!answer.ok) return;
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    fresh.replaceWith(page.getElementById("fresh"));
    document.title = page.title;
  } catch { /* the program was stopped: what is shown stays, with its times */ }
}, 30000);
