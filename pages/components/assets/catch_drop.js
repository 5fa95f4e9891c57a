// A file dropped anywhere on the page Source goes to its uploader: nobody has to aim, nor to wait for the page.
(() => {
  if (window.m3CatchDrop) return; // run anew with every page, in one document
  window.m3CatchDrop = true;
  const TRIES = 300;
  const PAUSE = 100; // ms
  const PLACE = ".st-key-spectrum_files";
  const isHere = () => location.pathname.endsWith("/source");
  let timer = null;

  document.addEventListener("dragover", (event) => {
    if (isHere() && event.dataTransfer?.types?.includes("Files")) event.preventDefault();
  });

  document.addEventListener("drop", (event) => {
    const files = event.dataTransfer?.files;
    if (!isHere() || !files?.length || event.target.closest?.('[data-testid="stFileUploader"]')) return; // aimed at one
    event.preventDefault();
    give([...files], TRIES); // the list itself is emptied when this event is over
  });

  // the browser may still be loading the code of the uploader, or the server the page
  function give(files, tries) {
    clearTimeout(timer);
    const input = document.querySelector(`${PLACE} input[type="file"]`);
    if (!input) {
      if (tries > 0) timer = setTimeout(give, PAUSE, files, tries - 1);
      return;
    }
    const held = new DataTransfer();
    for (const file of files) held.items.add(file);
    input.files = held.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    input.closest(PLACE).scrollIntoView({ block: "start", behavior: "smooth" });
  }
})();
