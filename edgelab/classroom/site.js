// The twin of a live board: plots that were worked out beforehand for the stops of one slider.

/** What is shown at a stop; what it does not name is as in the first. */
const filled = ({ data, ...rest }, first) => ({
  ...first, ...rest, data: (data ?? first.data).map((trace, k) => trace ?? first.data[k]),
});

/** A copy for plotly, which writes into what it is given. */
const own = (value) => JSON.parse(JSON.stringify(value));

function twin(card) {
  const { stops, config } = JSON.parse(card.querySelector("script").textContent);
  const slider = card.querySelector("input");
  const shown = card.querySelector("output");
  const figures = [...card.querySelectorAll("figure")];

  function show() {
    const { label, words, line, plots } = stops[slider.value];
    shown.textContent = label;
    slider.setAttribute("aria-valuetext", label);
    card.querySelector(".edgelab-words").textContent = words;
    card.querySelector("code").textContent = line;
    figures.forEach((figure, k) => {
      const { title, alt, data, layout } = filled(plots[k], stops[0].plots[k]);
      const canvas = figure.querySelector(".edgelab-canvas");
      figure.querySelector("figcaption").textContent = title;
      figure.setAttribute("aria-label", alt);
      const size = { width: canvas.clientWidth, height: canvas.clientHeight };
      Plotly.react(canvas, own(data), { ...own(layout), ...size }, config);
    });
  }

  slider.addEventListener("input", show);
  // A phone is turned, a window is drawn wider.
  new ResizeObserver(() => requestAnimationFrame(show)).observe(card.querySelector(".edgelab-board"));
}

addEventListener("DOMContentLoaded", () => document.querySelectorAll(".edgelab-twin").forEach(twin));
