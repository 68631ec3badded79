// Waits for the next run of the previewed notebook: then shows its page, or says what is wrong.
(async () => {
  const script = new URL(document.currentScript.src);
  const root = new URL(".", script).href;
  let version = Number(script.searchParams.get("version"));
  for (;;) {
    let next;
    try {
      next = await (await fetch(`${root}next.json?after=${version}`)).json();
    } catch {
      return; // the preview has ended
    }
    if (next.version === version) continue;
    version = next.version;
    document.getElementById("preview-fault")?.remove();
    if (next.said) {
      const fault = document.createElement("pre");
      fault.id = "preview-fault";
      fault.setAttribute("role", "alert");
      fault.setAttribute("style", "padding:1em;white-space:pre-wrap;border:2px solid #b00020");
      fault.textContent = next.said;
      document.body.prepend(fault);
    } else if (location.href === `${root}index.html`) {
      location.replace(root + next.page);
    } else {
      location.reload();
    }
  }
})();
