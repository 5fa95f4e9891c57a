// The lines of a spectrum follow the velocity slider while it is dragged; on release the server draws them anew.
const LIGHT_SPEED = 299792.458; // km/s

export default function ({ data, parentElement }) {
  parentElement.m3Forget?.(); // called anew for every velocity, with no word in between
  let shown = data.velocity;
  let asked = 0;

  function move() {
    asked = 0;
    const slider = document.querySelector(`.st-key-${data.row} input[type="range"]`);
    const chart = document.querySelector(`.st-key-${data.chart} .js-plotly-plot`);
    const traces = chart?._fullData?.filter((one) => one.legendgroup === "lines") ?? [];
    // a velocity beyond the ends of the slider is the box's
    if (!slider || !traces.length || Math.round(data.velocity) === Number(slider.value) || shown === slider.value) return;
    shown = slider.value;
    const stretch = (1 + Number(shown) / LIGHT_SPEED) / (1 + data.velocity / LIGHT_SPEED);
    for (const trace of traces) stretched(chart, trace, stretch);
  }

  function stretched(chart, trace, stretch) {
    const group = chart.querySelector(`.scatterlayer .trace${trace.uid}`);
    const xaxis = chart._fullLayout.xaxis;
    const yaxis = chart._fullLayout[trace.yaxis.replace("y", "yaxis")];
    const points = Array.from(trace.x, (x, i) => `${xaxis.l2p(x * stretch)},${yaxis.l2p(trace.y[i])}`);
    group?.querySelector(".js-line")?.setAttribute("d", `M${points.join("L")}`);
    for (const text of group?.querySelectorAll(".textpoint text") ?? []) {
      const from = Number(text.getAttribute("x"));
      text.setAttribute("transform", `translate(${xaxis.l2p(xaxis.p2l(from) * stretch) - from},0)`);
    }
  }

  const ask = () => (asked ||= requestAnimationFrame(move));
  const drag = (event) => event.buttons && ask();
  document.addEventListener("pointermove", drag);
  document.addEventListener("input", ask, true);
  parentElement.m3Forget = () => {
    cancelAnimationFrame(asked);
    document.removeEventListener("pointermove", drag);
    document.removeEventListener("input", ask, true);
  };
  return parentElement.m3Forget;
}
