// Saves a figure as it is seen now, zoom included: plotly's own camera, asked for one format after another.
export default function ({ data, parentElement }) {
  parentElement.replaceChildren();
  const row = document.createElement("span");
  row.className = "m3-save";
  for (const format of ["png", "svg"]) {
    const button = document.createElement("button");
    button.type = "button";
    button.textContent = format.toUpperCase();
    button.title = `Save the figure as it is shown now as ${format.toUpperCase()}`;
    button.onclick = () => {
      const chart = document.querySelector(`.st-key-${CSS.escape(data.chart)} .js-plotly-plot`);
      const camera = chart?.querySelector('.modebar-btn[data-title^="Download plot"]');
      if (!camera) return;
      const kept = chart._context.toImageButtonOptions;
      // three times the pixels: fit for print
      chart._context.toImageButtonOptions = { ...kept, format, filename: data.file, scale: format === "png" ? 3 : 1 };
      camera.click();
      chart._context.toImageButtonOptions = kept;
    };
    row.appendChild(button);
  }
  const style = document.createElement("style");
  style.textContent =
    ".m3-save{display:flex;gap:.9rem;padding-top:2px}.m3-save button{all:unset;cursor:pointer;font:inherit;font-size:.8rem;" +
    "opacity:.75}.m3-save button:hover,.m3-save button:focus-visible{opacity:1;text-decoration:underline}";
  parentElement.append(style, row);
}
