// Rings the open source on every map. The chart itself stays as it is: redrawing it would lose its zoom.
export default function ({ data, parentElement }) {
  parentElement.m3Forget?.(); // called anew for every source, with no word in between
  const rings = new Map();

  function place(chart, ring, entry) {
    const { xaxis, yaxis } = chart._fullLayout;
    const x = xaxis.l2p(entry.x);
    const y = yaxis.l2p(entry.y);
    const isInside = x >= 0 && x <= xaxis._length && y >= 0 && y <= yaxis._length;
    ring.style.display = isInside ? "block" : "none";
    ring.style.left = `${xaxis._offset + x - 9}px`;
    ring.style.top = `${yaxis._offset + y - 9}px`;
  }

  function attach(entry) {
    const chart = document.querySelector(`.st-key-${entry.chart} .js-plotly-plot`);
    const frame = chart?.querySelector(".svg-container");
    if (!frame || !chart._fullLayout?.xaxis?._length) return;
    const ring = document.createElement("div");
    ring.className = "m3-ring";
    ring.style.cssText =
      "position:absolute;width:18px;height:18px;border-radius:50%;pointer-events:none;box-sizing:border-box;" +
      "border:2.5px solid currentColor;box-shadow:0 0 0 1.5px rgba(255,255,255,.85);z-index:5";
    frame.appendChild(ring);
    rings.set(entry.chart, ring);
    const update = () => ring.isConnected && place(chart, ring, entry);
    for (const event of ["plotly_afterplot", "plotly_relayouting", "plotly_relayout"]) chart.on(event, update);
    update();
  }

  // a chart may be drawn after this, and anew at any time
  const watch = () => {
    for (const entry of data.entries) if (!rings.get(entry.chart)?.isConnected) attach(entry);
  };
  watch();
  const timer = setInterval(watch, 300);
  parentElement.m3Forget = () => {
    clearInterval(timer);
    for (const ring of rings.values()) ring.remove();
  };
  return parentElement.m3Forget;
}
