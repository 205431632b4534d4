// Zoom and hover for the charts of a site's speed, with uPlot, when a reader asks for it. Without it the pictures stay,
// and the tables behind them have every number.
"use strict";
(() => {
  const section = document.querySelector("[data-zoom]");
  if (!section) return;
  const says = section.dataset;
  const colour = name => getComputedStyle(document.documentElement).getPropertyValue(`--${name}`).trim();
  let loading;  // uPlot and the numbers, once

  function load() {
    loading ??= Promise.all([
      fetch(says.zoom).then(answer => answer.ok ? answer.json() : Promise.reject(answer.status)),
      new Promise((done, failed) => {
        const style = Object.assign(document.createElement("link"), { rel: "stylesheet", href: says.style });
        const script = Object.assign(document.createElement("script"), { src: says.script, onload: done, onerror: failed });
        document.head.append(style, script);
      }),
    ]).then(([told]) => told.rows).catch(why => { loading = undefined; throw why; });
    return loading;
  }

  function series(label, stroke, more = {}) {
    return { label, stroke, width: 2, spanGaps: false, value: (_, v) => v == null ? "–" : v.toFixed(v < 10 ? 1 : 0), ...more };
  }

  function draw(holder, rows) {
    const of = holder.dataset.of, unit = of === "handshake" ? "handshake_ms" : "speed_kbps";
    const mine = rows.filter(row => row.network === holder.dataset.network);
    const shift = Number(says.offset);
    const column = name => mine.map(row => row[name] ?? null);
    const [stem, end] = unit.split("_");
    const data = [mine.map(row => Date.parse(row.start) / 1000), column(`${stem}_low_${end}`), column(`${stem}_high_${end}`), column(unit)];
    const shown = [
      { label: says.time, value: "{YYYY}-{MM}-{DD} {HH}:{mm}" },
      series(says.low, colour("dot"), { width: 1 }), series(says.high, colour("dot"), { width: 1 }), series(says.site, colour("tls")),
    ];
    if (of === "handshake") {
      data.push(column("reference_handshake_ms"));
      shown.push(series(says.references, colour("soft"), { dash: [5, 4] }));
    }
    const axis = { stroke: colour("soft"), grid: { stroke: colour("line"), width: 1 }, ticks: { stroke: colour("line") } };
    const plot = new uPlot({
      width: Math.max(280, holder.clientWidth), height: 260, series: shown, bands: [{ series: [2, 1], fill: `${colour("tls")}22` }],
      tzDate: at => uPlot.tzDate(new Date((at + shift) * 1000), "Etc/UTC"), axes: [axis, { ...axis, size: 64 }],
      scales: { y: { distr: 3 } }, cursor: { drag: { x: true, y: false } }, legend: { live: true },
    }, data, holder);
    return plot;
  }

  function keys(plot, event) {
    const { min, max } = plot.scales.x, last = plot.data[0].length - 1, width = max - min;
    const step = { ArrowLeft: -1, ArrowRight: 1 }[event.key];
    if (step) {
      const at = Math.min(last, Math.max(0, (plot.cursor.idx ?? (step > 0 ? -1 : last + 1)) + step));
      plot.setCursor({ left: plot.valToPos(plot.data[0][at], "x"), top: 10 });
    } else if (event.key === "+" || event.key === "-") {
      const by = event.key === "+" ? width / 4 : -width / 2;
      plot.setScale("x", { min: min + by, max: max - by });
    } else if (event.key === "Escape") {
      plot.setScale("x", { min: plot.data[0][0], max: plot.data[0][last] });
    } else {
      return;
    }
    event.preventDefault();
  }

  for (const holder of section.querySelectorAll("[data-of]")) {
    const button = Object.assign(document.createElement("button"), { type: "button", className: "zoom", textContent: says.open });
    button.setAttribute("aria-expanded", "false");
    const place = document.createElement("div");
    Object.assign(place.dataset, holder.dataset);
    place.tabIndex = 0;
    place.hidden = true;
    place.setAttribute("role", "group");
    place.setAttribute("aria-label", `${holder.querySelector("title").textContent}. ${says.help}`);
    let plot;
    button.addEventListener("click", async () => {
      try {
        const rows = await load();
        place.hidden = !place.hidden;
        plot ??= draw(place, rows);
        place.onkeydown = event => keys(plot, event);
        button.setAttribute("aria-expanded", String(!place.hidden));
        button.textContent = place.hidden ? says.open : says.close;
        if (!place.hidden) place.focus();
      } catch { button.textContent = says.failed; }
    });
    holder.after(button, place);
  }
})();
