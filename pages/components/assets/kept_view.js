// Tells the server what part of a chart is looked at: a changed chart is drawn anew, and is to open where it stood.
export default function ({ data, parentElement, setStateValue }) {
  parentElement.m3Forget?.();
  let said = null;

  function attach(chart) {
    const { xaxis, yaxis } = chart._fullLayout;
    const start = { x: [...xaxis.range], y: [...yaxis.range] };
    let view = { ...data.asked };
    chart.on("plotly_relayout", (event) => {
      const keys = Object.keys(event ?? {});
      const touched = ["x", "y"].filter((name) => keys.some((key) => key.startsWith(`${name}axis.`)));
      if (!touched.length) return;
      if (keys.some((key) => key.endsWith(".autorange"))) view = {}; // a double click on what was kept ends it
      else
        for (const name of touched) {
          const [low, high] = chart._fullLayout[`${name}axis`].range;
          const [first, last] = start[name];
          const isStart = Math.abs(first - low) + Math.abs(last - high) < 1e-9 * Math.abs(high - low);
          if (!isStart) view[name] = [low, high];
          else if (data.asked[name]) view[name] = data.asked[name];
          else delete view[name];
        }
      chart.m3Say(JSON.stringify(view));
    });
  }

  // a chart may be drawn after this, and anew at any time
  const watch = () => {
    const chart = document.querySelector(`.st-key-${data.chart} .js-plotly-plot`);
    if (!chart?._fullLayout?.xaxis?._length) return;
    if (!chart.m3Say) attach(chart);
    chart.m3Say = (text) => {
      if (text !== said) setStateValue("view", text);
      said = text;
    };
  };
  watch();
  const timer = setInterval(watch, 200);
  parentElement.m3Forget = () => clearInterval(timer);
  return parentElement.m3Forget;
}
