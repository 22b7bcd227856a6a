// Shows what has happened since: a list is loaded again, a page that somebody reads only says so.
const seen = document.documentElement.dataset.state;
const live = document.querySelector("main[data-live]");
const reading = () => document.querySelector("details[open]") || String(getSelection());
setInterval(async () => {
  if (document.hidden) return;
  try {
    const answer = await fetch("/_local/state");
    if (!answer.ok || (await answer.text()) === seen) return;
    if (live && !reading()) location.reload();
    else document.querySelector(".news").hidden = false;
  } catch {
    // The system has stopped; the page stays as it is.
  }
}, 2000);
