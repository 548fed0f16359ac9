// Adds new messages at the top of the page, and what became of the others. What is open or selected stays as it is.
"use strict";
(() => {
  const list = document.getElementById("messages");
  const news = document.getElementById("news");
  const none = document.getElementById("none");

  // Puts what is new in the place of what was there, unless somebody is just using it.
  const update = (here, now) => {
    if (!here || !now || here.innerHTML === now.innerHTML || here.contains(document.activeElement)) return;
    here.replaceChildren(...[...now.childNodes].map((n) => document.adoptNode(n)));
  };

  const look = async () => {
    // A form that was refused left the browser at another address.
    const answer = await fetch("/dev/inbox" + location.search, { headers: { Accept: "text/html" } });
    if (!answer.ok) throw new Error(String(answer.status));
    const page = new DOMParser().parseFromString(await answer.text(), "text/html");
    for (const now of page.querySelectorAll("#messages > article")) {
      const here = document.getElementById(now.id);
      if (!here) continue;
      here.className = now.className;
      for (const part of [".state", ".story", "footer"]) update(here.querySelector(part), now.querySelector(part));
    }
    update(document.querySelector("#simulator > summary"), page.querySelector("#simulator > summary"));
    update(document.getElementById("rules"), page.getElementById("rules"));
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
