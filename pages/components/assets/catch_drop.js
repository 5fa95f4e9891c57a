// A file dropped anywhere on the page goes to one uploader: nobody has to aim.
const TRIES = 300;
const PAUSE = 100; // ms

export default function ({ data, parentElement }) {
  parentElement.m3Forget?.();
  let timer = null;

  function over(event) {
    if (event.dataTransfer?.types?.includes("Files")) event.preventDefault();
  }

  function drop(event) {
    const files = event.dataTransfer?.files;
    if (!files?.length || event.target.closest?.('[data-testid="stFileUploader"]')) return; // aimed at one
    event.preventDefault();
    give([...files], TRIES); // the list itself is emptied when this event is over
  }

  // the browser may still be loading the code of the uploader
  function give(files, tries) {
    clearTimeout(timer);
    const input = document.querySelector(`.st-key-${data.place} input[type="file"]`);
    if (!input) {
      if (tries > 0) timer = setTimeout(give, PAUSE, files, tries - 1);
      return;
    }
    const held = new DataTransfer();
    for (const file of files) held.items.add(file);
    input.files = held.files;
    input.dispatchEvent(new Event("change", { bubbles: true }));
    input.closest(`.st-key-${data.place}`).scrollIntoView({ block: "start", behavior: "smooth" });
  }

  document.addEventListener("dragover", over);
  document.addEventListener("drop", drop);
  parentElement.m3Forget = () => {
    clearTimeout(timer);
    document.removeEventListener("dragover", over);
    document.removeEventListener("drop", drop);
  };
  return parentElement.m3Forget;
}
