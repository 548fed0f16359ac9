// Adds new messages at the top of the page, and what became of the others. What is open or selected stays as it is.
"use strict";
(() => {
  const list = document.getElementById("messages");
  const news = document.getElementById("news");
  const none = document.getElementById("none");

  const look = async () => {
    const answer = await fetch(location.href, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const story of page.querySelectorAll("#messages .story")) {
      const here = document.getElementById(story.parentElement.id)?.querySelector(".story");
      if (here && here.childElementCount !== story.childElementCount) here.replaceWith(document.adoptNode(story));
    }
    const fresh = [...page.querySelectorAll("#messages > article")].filter((a) => !document.getElementById(a.id));
    if (fresh.length > 0) {
      list.prepend(...fresh.map((a) => document.adoptNode(a)));
      none.hidden = true;
      news.textContent = fresh.length === 1 ? "1 new message" : fresh.length + " new messages";
    }
  };

  let pause = 1000;
  const again = async () => {
    try {
      if (!document.hidden) await look();
      if (pause > 1000) news.textContent = "";
      pause = 1000;
    } catch {
      news.textContent = "The server does not answer. Trying again.";
      pause = Math.min(2 * pause, 15000);
    }
    setTimeout(again, pause);
  };
  setTimeout(again, pause);
})();
