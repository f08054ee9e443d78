// The live board of a panel: draws its plots, each by itself, and patches what changes.
//
// Python sends the whole picture in the message that opens the widget, then numbered patches, and
// the whole again when it is asked. A patch that does not fit is never drawn: the board asks.

/** An answer that takes longer than this is told, in milliseconds. */
const LATE_MS = 10_000;

/** How much slower than in truth a request is seen to travel; of one that jumps from stop to stop,
 * how long each is seen, in milliseconds, and how many there are at most. */
const SLOWER = 10, STOP_MS = 700, STOPS = 40;

const CLOSED = new Error("The board was closed.");

const WORDS = {
  waiting: "Loading the drawing library …",
  anew: "Making the panel anew …",
  library: "The drawing library could not be loaded",
  drawing: "A plot could not be drawn",
  late: "Python has not answered yet. It is busy with a cell, or the connection is cut",
  gone: "The kernel was restarted, and this panel belongs to the one before",
};

// -- plotly.js: the first board on a page unpacks it, the others share it ------------------------

function plotly(model) {
  const shared = (globalThis.edgelabPlotly ??= {});
  const version = model.get("version");
  shared[version] ??= zipped(model).then(unpacked).catch((error) => {
    delete shared[version];
    throw error;
  });
  return shared[version];
}

/** It came with the message that opened the board, or is asked for. */
function zipped(model) {
  if (model.get("library")?.byteLength) return Promise.resolve(model.get("library"));
  return new Promise((resolve, reject) => {
    model.on("msg:custom", ({ kind }, [bytes]) => kind === "library" && resolve(bytes));
    model.on("destroy", () => reject(CLOSED)); // its cell was run again: another board asks
    model.send({ kind: "library" });
  });
}

async function unpacked(bytes) {
  const stream = new Blob([bytes]).stream().pipeThrough(new DecompressionStream("gzip"));
  const script = await new Response(stream).blob();
  // A module with a scope of its own: a loader on the page, such as RequireJS, must not catch it.
  const parts = ["const module = {exports: {}}, define = undefined;", script, "\nexport default module.exports;"];
  const url = URL.createObjectURL(new Blob(parts, { type: "text/javascript" }));
  try {
    return (await import(url)).default;
  } finally {
    URL.revokeObjectURL(url);
  }
}

// -- what comes from Python ----------------------------------------------------------------------

const ARRAYS = { float64: Float64Array, float32: Float32Array, int32: Int32Array };

const plain = (value) => value?.constructor === Object;

/** Put the arrays back where Python took them out. */
function decoded(value, buffers) {
  if (Array.isArray(value)) return value.map((each) => decoded(each, buffers));
  if (!plain(value)) return value;
  if (!("dtype" in value)) {
    const entries = Object.entries(value).map(([key, each]) => [key, decoded(each, buffers)]);
    return Object.fromEntries(entries);
  }
  const { buffer, byteOffset, byteLength } = buffers[value.buffer];
  const bytes = buffer.slice(byteOffset, byteOffset + byteLength); // typed arrays must be aligned
  const all = new ARRAYS[value.dtype](bytes);
  const [rows, columns] = value.shape;
  if (columns === undefined) return all;
  return Array.from({ length: rows }, (_, k) => all.subarray(k * columns, (k + 1) * columns));
}

/** A copy for plotly, which writes into what it is given; the same ticks, which it does not touch:
 * plotly takes others for a new axis, and draws everything twice. */
function own(value, key = "") {
  if (Array.isArray(value)) return key.startsWith("tick") ? value : value.map((each) => own(each));
  if (!plain(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([name, each]) => [name, own(each, name)]));
}

/** `old` with `change` in it, as new objects; of arrays and texts the new one. */
function merged(old, change) {
  if (!plain(old) || !plain(change)) return change;
  const entries = Object.entries(change).map(([key, each]) => [key, merged(old[key], each)]);
  return { ...old, ...Object.fromEntries(entries) };
}

/** A plot with a patch in it: the traces of a patch are known by their number. */
function patched(old, { data, ...rest }) {
  const next = merged(old, rest);
  if (data) next.data = old.data.map((trace, k) => (k in data ? merged(trace, data[k]) : trace));
  return next;
}

/** What is known of a board, by message or by asking; `changed` and `told` hear of it. */
function Picture(model, changed, told) {
  const manager = model.widget_manager;
  const at = { plots: {}, number: -1, line: "", problem: "" };
  let patience = null, coming = false;

  function take({ content, buffers }) {
    coming = false;
    Object.assign(at, { number: content.number, line: content.line });
    at.plots = decoded(content.plots, buffers);
    changed(Object.keys(at.plots));
  }

  function send(kind) {
    clearTimeout(patience);
    if (at.problem === "gone") return;
    patience = setTimeout(() => tell("late"), LATE_MS);
    model.send({ kind });
  }

  /** Once: it may be on its way already. */
  function whole() {
    if (!coming) send("whole");
    coming = true;
  }

  function tell(problem, why = "") {
    if (problem === "late") coming = false;
    at.problem = problem;
    told(problem, why);
  }

  model.on("msg:custom", (content, buffers) => {
    if (content.kind === "library") return null;
    clearTimeout(patience);
    if (at.problem === "late") tell("");
    if (content.kind === "whole") return take({ content, buffers });
    if (content.kind === "at") return content.number === at.number || whole();
    if (content.number <= at.number) return null; // older than the whole that was asked for
    if (content.number > at.number + 1) return whole();
    Object.assign(at, { number: content.number, line: content.line });
    for (const [name, change] of Object.entries(decoded(content.plots, buffers))) {
      at.plots[name] = change.whole ?? patched(at.plots[name], change);
    }
    return changed(Object.keys(content.plots));
  });
  const ready = manager.get_model(model.get("own")).then((own) => {
    own.on("comm_live_update", () => {
      clearTimeout(patience);
      if (!own.comm_live) tell("gone");
    });
    // anywidget holds every message back until its module is ready, and for good where that took
    // over two seconds on a busy machine. This module is ready now.
    const { _handle_comm_msg } = Object.getPrototypeOf(own.constructor.prototype);
    own.comm?.on_msg((message) => _handle_comm_msg.call(own, message));
  });
  const first = model.get("first"); // empty where the page was loaded again
  if (first.content) take(first);

  return { at, tell, ready, ask: () => send("at"), whole };
}

// -- what a reader sees --------------------------------------------------------------------------

function element(tag, name, text = "") {
  const made = document.createElement(tag);
  made.className = name;
  made.textContent = text;
  return made;
}

/** What the camera saves: with the title and the settings, which the card shows elsewhere. */
function portrait({ data, layout, title, below }) {
  const small = `<br><span style="font-size:11px">${below}</span>`;
  const heading = { text: `<b>${title}</b>${small}`, x: 0.02, y: 0.97, yanchor: "top", font: { size: 16 } };
  const margin = { ...layout.margin, t: (layout.margin?.t ?? 0) + 56 };
  return { data, layout: { ...layout, title: heading, margin } };
}

/** Dots that run along the lines of a plot that a request travels, at a button's press. Where no
 * motion is wanted, they jump from stop to stop. */
function Journey(heading, canvas) {
  const button = element("button", "jupyter-button edgelab-send", "Send one");
  const clock = element("span", "edgelab-clock");
  button.title = `Seen ${SLOWER} times slower than it is`;
  let frame = 0, dots = [];

  function stop() {
    cancelAnimationFrame(frame);
    dots.forEach((dot) => dot.remove());
    dots = [];
    clock.textContent = "";
  }

  button.onclick = () => {
    stop();
    const ways = canvas.data.filter(({ meta }) => meta === "travels");
    const times = [...new Set(ways.flatMap(({ x }) => [...x]))].sort((a, b) => a - b);
    const apart = times.at(-1) / STOPS;
    const stops = times.filter((ms, k) => k === times.length - 1 || times[k + 1] - ms > apart);
    canvas.scrollIntoView({ block: "nearest" });
    const jumps = matchMedia("(prefers-reduced-motion: reduce)").matches;
    const { xaxis, yaxis } = canvas._fullLayout;
    dots = ways.map(() => canvas.appendChild(element("span", "edgelab-dot")));
    dots.forEach((dot, k) => dot.style.setProperty("background", ways[k].line.color));
    const began = performance.now();
    const step = () => {
      const passed = performance.now() - began;
      const at = Math.min(Math.floor(passed / STOP_MS), stops.length - 1);
      const now = jumps ? stops[at] : Math.min(passed / SLOWER, stops.at(-1));
      ways.forEach(({ x, y }, way) => {
        const next = Math.max([...x].findIndex((ms) => ms > now), 0) || x.length - 1;
        const part = Math.min((now - x[next - 1]) / (x[next] - x[next - 1] || 1), 1);
        const row = y[next - 1] + part * (y[next] - y[next - 1]);
        const time = Math.min(now, x.at(-1));
        dots[way].style.left = `${xaxis._offset + xaxis.l2p(time)}px`;
        dots[way].style.top = `${yaxis._offset + yaxis.l2p(row)}px`;
      });
      clock.textContent = `${Math.round(now)} ms`;
      if (now < stops.at(-1)) frame = requestAnimationFrame(step);
    };
    step();
  };
  heading.append(button, clock);
  return { stop };
}

/** One plot of the board, in one place. */
function Plot(board, name, settings) {
  const figure = element("figure", "edgelab-plot");
  const heading = element("figcaption", "edgelab-heading");
  const canvas = element("div", "edgelab-canvas");
  figure.append(heading, canvas);
  const camera = (Plotly) => ({
    name: "picture",
    title: "Download plot as a PNG",
    icon: Plotly.Icons.camera,
    click: () => Plotly.downloadImage(portrait(board.at.plots[name]), {
      ...settings.toImageButtonOptions, filename: `${settings.toImageButtonOptions.filename}-${name}`,
    }),
  });
  const words = heading.appendChild(element("span", ""));
  let shown = {}, journey = null;
  return {
    figure,
    canvas,
    name,
    draw(Plotly) {
      const { data, layout, title, alt, span, height } = board.at.plots[name];
      if (words.textContent !== title) words.textContent = title;
      figure.setAttribute("aria-label", alt);
      figure.style.setProperty("--span", span);
      figure.classList.toggle("edgelab-wide", span > 6);
      canvas.style.setProperty("height", `${height}px`);
      // Without a place, or far out of sight, nothing can be measured: it is drawn when it has one.
      if (!Plotly || !canvas.clientWidth) return;
      if (canvas.checkVisibility?.({ contentVisibilityAuto: true }) === false) return;
      const size = { width: canvas.clientWidth, height };
      // Where only words changed, or nothing.
      if (shown.data === data && shown.layout === layout && shown.width === size.width) return;
      // Room that labels once took stays theirs: plotly draws everything twice where it changes.
      const same = shown.width === size.width && shown.data.length === data.length;
      const { l, r, t, b } = (same && canvas._fullLayout?._size) || layout.margin;
      const margin = { ...layout.margin, l, r, t, b };
      Plotly.react(canvas, data.map((trace) => ({ ...trace })), { ...own(layout), margin, ...size }, {
        ...settings,
        modeBarButtonsToRemove: [...settings.modeBarButtonsToRemove, "toImage"],
        modeBarButtonsToAdd: [camera(Plotly)],
      });
      shown = { data, layout, width: size.width };
      if (data.some(({ meta }) => meta === "travels")) journey ??= Journey(heading, canvas);
      journey?.stop();
    },
  };
}

/** Give the card's own handles and buttons names and values that can be heard. */
function name(card) {
  for (const row of card.querySelectorAll(".widget-slider")) {
    const handle = row.querySelector(".noUi-handle");
    const readout = row.querySelector(".widget-readout");
    if (!handle || !readout) continue;
    const said = { "aria-label": row.querySelector(".widget-label").textContent, "aria-valuetext": readout.textContent };
    if (row.classList.contains("edgelab-stops")) readout.contentEditable = "false";
    for (const [key, value] of Object.entries(said)) {
      if (handle.getAttribute(key) !== value) handle.setAttribute(key, value);
    }
  }
  for (const row of card.querySelectorAll(".widget-toggle-buttons")) {
    const group = row.querySelector(".widget-toggle-button-group, .jupyter-button")?.parentElement;
    group?.setAttribute("role", "group");
    group?.setAttribute("aria-label", row.querySelector(".widget-label")?.textContent || "choices");
  }
  for (const button of card.querySelectorAll(".widget-toggle-button, .widget-toggle-buttons button")) {
    const pressed = String(button.classList.contains("mod-active"));
    if (button.getAttribute("aria-pressed") !== pressed) button.setAttribute("aria-pressed", pressed);
  }
}

export default () => {
  const views = new Set();
  let board;

  return {
    initialize({ model }) {
      board = Picture(
        model,
        (names) => views.forEach((view) => view.changed(names)),
        (problem, why) => views.forEach((view) => view.told(problem, why)),
      );
    },

    render({ model, el }) {
      const settings = model.get("config");
      const grid = element("div", "edgelab-board");
      const notice = element("p", "edgelab-notice");
      const words = element("span", "");
      const button = element("button", "jupyter-button", "Try again");
      notice.setAttribute("role", "status");
      notice.append(words, button);
      el.append(notice, grid);

      const plots = new Map();
      const late = new Set();
      let Plotly = null, frame = 0;

      function changed(names) {
        for (const each of names) {
          if (!plots.has(each)) {
            plots.set(each, Plot(board, each, settings));
            grid.append(plots.get(each).figure);
            sizes.observe(plots.get(each).canvas);
          }
          late.add(each);
        }
        frame ||= requestAnimationFrame(draw);
      }

      function draw() {
        frame = 0;
        let problem = null;
        for (const each of late) {
          try {
            plots.get(each).draw(Plotly);
            late.delete(each);
          } catch (error) {
            problem = error; // it stays in the list
          }
        }
        if (problem) board.tell("drawing", problem.message);
        else if (board.at.problem === "drawing") board.tell("");
      }

      function told(problem, why = "") {
        notice.hidden = !problem;
        words.textContent = `${WORDS[problem] ?? ""}${why && `: ${why}`} `;
        button.hidden = problem === "waiting" || problem === "anew";
      }

      async function load() {
        board.tell("waiting");
        try {
          Plotly = await plotly(model);
          board.tell("");
          seen();
        } catch (error) {
          if (error === CLOSED && views.has(view)) return load();
          board.tell("library", error.message);
        }
        return null;
      }

      button.onclick = async () => {
        if (board.at.problem === "gone") {
          told("anew");
          return again(model, board.at.line, el).catch((error) => told("gone", error.message));
        }
        await model.widget_manager.kernel?.reconnect?.();
        if (!Plotly) return load();
        return board.whole();
      };

      const sizes = new ResizeObserver((entries) => {
        changed([...plots.values()].filter((p) => entries.some((e) => e.target === p.canvas)).map((p) => p.name));
      });
      const seen = () => changed(Object.keys(board.at.plots));
      document.addEventListener("contentvisibilityautostatechange", seen, true);
      const view = { changed, told };
      views.add(view);
      seen();
      board.ready.then(() => (board.ask(), load()));

      const stop = attend(el, () => board.ask());
      return () => {
        views.delete(view);
        cancelAnimationFrame(frame);
        sizes.disconnect();
        document.removeEventListener("contentvisibilityautostatechange", seen, true);
        stop();
        if (Plotly) for (const plot of plots.values()) Plotly.purge(plot.canvas);
      };
    },
  };
};

/** Keep the card's names true, and ask for the picture after a hand was at work in it. */
function attend(el, ask) {
  let card = null, soon = 0;
  const watch = new MutationObserver(() => {
    soon ||= requestAnimationFrame(() => {
      soon = 0;
      name(card);
    });
  });
  const find = () => {
    card = el.closest(".edgelab-panel");
    if (!card) return;
    arrive.disconnect();
    watch.observe(card, { subtree: true, childList: true, characterData: true, attributes: true, attributeFilter: ["class"] });
    for (const event of ["pointerup", "keyup"]) card.addEventListener(event, ask);
    card.tabIndex = -1; // a click beside a control leaves the keys with the card
    name(card);
  };
  // Keys at a card are the card's: typed at a slider's number, two zeros would restart the kernel,
  // and an arrow would fold a heading. What is pressed with Ctrl, Alt, Shift or ⌘ stays JupyterLab's.
  const keys = (event) => {
    const more = event.ctrlKey || event.metaKey || event.altKey || event.shiftKey;
    if (card?.contains(event.target)) event.target.toggleAttribute("data-lm-suppress-shortcuts", !more);
  };
  window.addEventListener("keydown", keys, true);
  // JupyterLab gives a view its place after it was drawn.
  const arrive = new ResizeObserver(find);
  arrive.observe(el);
  return () => {
    arrive.disconnect();
    watch.disconnect();
    window.removeEventListener("keydown", keys, true);
    cancelAnimationFrame(soon);
    for (const event of ["pointerup", "keyup"]) card?.removeEventListener(event, ask);
  };
}

/** Run the panel's own line of code in the present kernel, and show what comes in its place. */
async function again(model, line, el) {
  const manager = model.widget_manager;
  const card = el.closest(".edgelab-panel") ?? el;
  const run = manager.kernel.requestExecute({ code: `import edgelab as el\n${line}`, store_history: false, stop_on_error: false });
  let made = null;
  run.onIOPub = ({ content }) => {
    made = content.data?.["application/vnd.jupyter.widget-view+json"]?.model_id ?? made;
  };
  await run.done;
  const view = await manager.create_view(await manager.get_model(made));
  const host = element("div", "edgelab-again");
  card.before(host);
  card.style.display = "none";
  view.luminoWidget.constructor.attach(view.luminoWidget, host);
}
