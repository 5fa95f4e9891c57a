// A slider for the period: the folded figure answers while it is dragged, without asking the server.
// Points are drawn on a canvas over the chart, whose own points are out of sight meanwhile; on release the server folds.
const WIDTHS = [
  ["± 1 cycle", (f, span) => 1 / span],
  ["± 10 cycles", (f, span) => 10 / span],
  ["± 1 %", (f) => 0.01 * f],
  ["± 10 %", (f) => 0.1 * f],
];
const STEPS = 4000;
const MANY = 6000;

export default function ({ data, parentElement, setTriggerValue }) {
  parentElement.m3Forget?.(); // called anew for every period, with no word in between
  const { chart: key, period, epoch, span, start, cycles } = data;
  let canvas = null;

  parentElement.replaceChildren();
  const row = document.createElement("div");
  row.style.cssText =
    "display:flex;gap:.6rem;align-items:center;font:13px var(--st-font, sans-serif);color:var(--st-text-color)";
  const label = document.createElement("span");
  label.style.cssText = "white-space:nowrap;font-variant-numeric:tabular-nums;min-width:11.5em";
  const slider = document.createElement("input");
  Object.assign(slider, { type: "range", min: -STEPS, max: STEPS, step: 1, value: 0, ariaLabel: "Drag the period" });
  slider.style.cssText = "flex:1;min-width:80px;accent-color:var(--st-primary-color)";
  slider.className = "m3-period";
  const widths = document.createElement("select");
  widths.ariaLabel = "How far the slider reaches";
  widths.title = "How far the slider reaches: cycles over the whole time span, or percent of the frequency";
  widths.style.cssText =
    "font:inherit;color:inherit;background:transparent;border:1px solid var(--st-border-color, #8a8f98);" +
    "border-radius:6px;padding:1px 2px";
  for (const [name] of WIDTHS) widths.add(new Option(name, name));
  widths.selectedIndex = window.m3FoldWidth ?? 0;
  row.append(label, slider, widths);
  parentElement.append(row);

  const frequency = () => {
    const f = 1 / period;
    const width = Math.min(WIDTHS[widths.selectedIndex][1](f, span), 0.9 * f);
    return f + (Number(slider.value) / STEPS) * width;
  };
  const decimals = Math.max(7, 6 - Math.floor(Math.log10(period)));
  const say = () => (label.textContent = `P = ${Number((1 / frequency()).toFixed(decimals))} d`);

  const plot = () => document.querySelector(`.st-key-${key} .js-plotly-plot`);
  const layers = (chart) => chart.querySelectorAll(".scatterlayer, .gl-container");

  function draw() {
    const chart = plot();
    const frame = chart?.querySelector(".svg-container");
    if (!frame || !chart._fullData) return;
    const scale = window.devicePixelRatio || 1;
    if (!canvas?.isConnected) {
      canvas = document.createElement("canvas");
      canvas.className = "m3-fold";
      canvas.style.cssText = "position:absolute;left:0;top:0;pointer-events:none;z-index:4";
      frame.appendChild(canvas);
    }
    for (const layer of layers(chart)) layer.style.visibility = "hidden";
    canvas.width = frame.clientWidth * scale;
    canvas.height = frame.clientHeight * scale;
    canvas.style.width = `${frame.clientWidth}px`;
    canvas.style.height = `${frame.clientHeight}px`;
    const pen = canvas.getContext("2d");
    pen.scale(scale, scale);
    const f = frequency();
    // many points are squares, one of a curve in every 2 x 2 pixels: circles would take 0.2 s for 60,000
    const many = chart._fullData.reduce((sum, trace) => sum + (trace.customdata?.length ?? 0), 0) > MANY;
    const columns = frame.clientWidth;
    const drawn = many ? new Int16Array(columns * frame.clientHeight).fill(-1) : null;
    for (const [order, trace] of chart._fullData.entries()) {
      if (!trace.customdata?.length || trace.visible !== true) continue;
      const x = chart._fullLayout[trace.xaxis.replace("x", "xaxis")];
      const y = chart._fullLayout[trace.yaxis.replace("y", "yaxis")];
      const n = trace.customdata.length / cycles;
      const size = Math.max(1.5, (trace.marker?.size ?? 5) / 2);
      pen.save();
      pen.beginPath();
      pen.rect(x._offset, y._offset, x._length, y._length);
      pen.clip();
      pen.fillStyle = trace.marker?.color ?? "#888";
      pen.globalAlpha = 0.85;
      pen.beginPath();
      for (let i = 0; i < n; i++) {
        let phase = (trace.customdata[i] - epoch) * f;
        phase -= Math.floor(phase);
        if (phase >= start + 1) phase -= 1;
        const top = y._offset + y.l2p(trace.y[i]);
        for (let turn = 0; turn < cycles; turn++) {
          const left = x._offset + x.l2p(phase + turn);
          if (many) {
            const cell = (top >> 1) * columns + (left >> 1);
            if (drawn[cell] === order) continue;
            drawn[cell] = order;
            pen.fillRect(left - size, top - size, 2 * size, 2 * size);
          } else {
            pen.moveTo(left + size, top);
            pen.arc(left, top, size, 0, 6.2832);
          }
        }
      }
      pen.fill();
      pen.restore();
    }
  }

  function clear() {
    canvas?.remove();
    canvas = null;
    const chart = plot();
    if (chart) for (const layer of layers(chart)) layer.style.visibility = "";
  }

  let asked = 0;
  slider.addEventListener("input", () => {
    say();
    cancelAnimationFrame(asked);
    // back where it began there is no "change" to end the drawing
    asked = requestAnimationFrame(slider.value === "0" ? clear : draw);
  });
  slider.addEventListener("change", () => {
    if (slider.value === "0") clear();
    else setTriggerValue("period", 1 / frequency());
  });
  widths.addEventListener("change", () => {
    window.m3FoldWidth = widths.selectedIndex;
    slider.value = 0;
    say();
    clear();
  });
  say();
  parentElement.m3Forget = () => {
    cancelAnimationFrame(asked);
    clear();
  };
  return parentElement.m3Forget;
}
