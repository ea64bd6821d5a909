"use strict";
(() => {
  const data = JSON.parse(document.getElementById("data").textContent);
  const page = document.getElementById("page");
  const make = (tag, text, into) => {
    const one = document.createElement(tag);
    if (text !== undefined) one.textContent = text;
    (into || page).appendChild(one);
    return one;
  };
  const told = (v) => (v === null || v === undefined ? "—" : typeof v === "number" ? Number(v.toPrecision(5)).toString() : String(v));

  make("h1", data.run);
  make("div", data.word + "  " + data.about).className = "soft";

  const names = Object.keys(data.curves);
  const state = { metric: names.includes("loss") ? "loss" : names[0], axis: "step", log: false, smooth: 0, window: null, at: null };
  if (names.length) chart();
  table("Facts", ["what", "value"], data.facts);
  if (data.phases.length) table("Phases", ["phase", "last loss", "mean loss", "steps", "time"], data.phases);
  table("What happened", ["time", "what"], data.events);
  if (data.notes.length) table("Notes", ["by", "note"], data.notes);
  if (data.console.length) { make("h2", "The console's last lines"); make("pre", data.console.join("\n")); }
  table("The frozen profile", ["key", "value"], data.profile);

  function table(title, head, rows) {
    if (!rows.length) return;
    make("h2", title);
    const body = make("table");
    const top = make("tr", undefined, body);
    head.forEach((one) => make("th", one, top));
    rows.forEach((row) => {
      const line = make("tr", undefined, body);
      row.forEach((one) => make("td", told(one), line));
    });
  }

  function chart() {
    const bar = make("div");
    bar.className = "bar";
    const choose = (label, options, key) => {
      const box = make("label", label + " ", bar);
      const select = make("select", undefined, box);
      options.forEach((one) => { make("option", one, select).value = one; });
      select.value = state[key];
      select.onchange = () => { state[key] = select.value; state.window = null; draw(); };
    };
    choose("metric", names, "metric");
    choose("by", ["step", "time"], "axis");
    const log = make("label", "log ", bar), tick = make("input", undefined, log);
    tick.type = "checkbox";
    tick.onchange = () => { state.log = tick.checked; draw(); };
    const even = make("label", "smooth ", bar), slide = make("input", undefined, even);
    slide.type = "range"; slide.min = 0; slide.max = 0.98; slide.step = 0.02; slide.value = 0;
    slide.oninput = () => { state.smooth = Number(slide.value); draw(); };
    const say = make("span", "", bar);
    say.className = "soft";
    const canvas = make("canvas"), pen = canvas.getContext("2d");
    make("div", "Drag to zoom, double click for all. Every bucket keeps its lowest and its highest value: no spike is lost.").className = "soft";
    let from = null;
    const scale = { x0: 0, x1: 1, y0: 0, y1: 1 };
    const pad = { l: 64, r: 12, t: 12, b: 28 };
    const width = () => canvas.clientWidth, height = () => canvas.clientHeight;
    const px = (x) => pad.l + ((x - scale.x0) / (scale.x1 - scale.x0 || 1)) * (width() - pad.l - pad.r);
    const py = (y) => height() - pad.b - ((y - scale.y0) / (scale.y1 - scale.y0 || 1)) * (height() - pad.t - pad.b);
    const back = (p) => scale.x0 + ((p - pad.l) / (width() - pad.l - pad.r)) * (scale.x1 - scale.x0);

    function points() {
      const one = data.curves[state.metric];
      const x = state.axis === "time" ? one.time : one.step;
      const found = [];
      for (let i = 0; i < x.length; i++) {
        if (x[i] === null || one.low[i] === null) continue;
        const [low, high] = [one.low[i], one.high[i]].map((v) => (state.log ? (v > 0 ? Math.log10(v) : null) : v));
        if (low !== null && high !== null) found.push([x[i], low, high]);
      }
      return found;
    }
    function draw() {
      const ratio = window.devicePixelRatio || 1;
      canvas.width = width() * ratio; canvas.height = height() * ratio;
      pen.setTransform(ratio, 0, 0, ratio, 0, 0);
      const style = getComputedStyle(document.documentElement);
      const ink = (name) => style.getPropertyValue(name).trim();
      pen.clearRect(0, 0, width(), height());
      const all = points();
      const shown = state.window ? all.filter((p) => p[0] >= state.window[0] && p[0] <= state.window[1]) : all;
      if (!shown.length) { pen.fillStyle = ink("--soft"); pen.fillText("nothing to draw", 80, 40); return; }
      scale.x0 = shown[0][0]; scale.x1 = shown[shown.length - 1][0];
      scale.y0 = Math.min(...shown.map((p) => p[1])); scale.y1 = Math.max(...shown.map((p) => p[2]));
      const room = (scale.y1 - scale.y0 || Math.abs(scale.y1) || 1) * 0.05;
      scale.y0 -= room; scale.y1 += room;
      pen.font = "12px system-ui, sans-serif"; pen.strokeStyle = ink("--line"); pen.fillStyle = ink("--soft");
      for (let i = 0; i <= 4; i++) {
        const y = scale.y0 + ((scale.y1 - scale.y0) * i) / 4, x = scale.x0 + ((scale.x1 - scale.x0) * i) / 4;
        pen.beginPath(); pen.moveTo(pad.l, py(y)); pen.lineTo(width() - pad.r, py(y)); pen.stroke();
        pen.textAlign = "right"; pen.fillText(told(state.log ? 10 ** y : y), pad.l - 8, py(y) + 4);
        pen.textAlign = "center"; pen.fillText(state.axis === "time" ? clock(x) : told(Math.round(x)), px(x), height() - 8);
      }
      pen.fillStyle = ink("--one"); pen.globalAlpha = state.smooth ? 0.25 : 0.4;
      pen.beginPath();
      shown.forEach((p, i) => (i ? pen.lineTo(px(p[0]), py(p[2])) : pen.moveTo(px(p[0]), py(p[2]))));
      [...shown].reverse().forEach((p) => pen.lineTo(px(p[0]), py(p[1])));
      pen.closePath(); pen.fill(); pen.globalAlpha = 1;
      pen.strokeStyle = state.smooth ? ink("--two") : ink("--one"); pen.lineWidth = 1.6;
      pen.beginPath();
      let mean = null, weight = 0;
      shown.forEach((p, i) => {
        const value = (p[1] + p[2]) / 2;
        mean = (mean === null ? 0 : mean * state.smooth) + value * (1 - state.smooth);
        weight = weight * state.smooth + (1 - state.smooth);
        const y = py(mean / weight);
        i ? pen.lineTo(px(p[0]), y) : pen.moveTo(px(p[0]), y);
      });
      pen.stroke(); pen.lineWidth = 1;
      if (state.at !== null) {
        const near = shown.reduce((a, b) => (Math.abs(b[0] - state.at) < Math.abs(a[0] - state.at) ? b : a));
        pen.strokeStyle = ink("--soft");
        pen.beginPath(); pen.moveTo(px(near[0]), pad.t); pen.lineTo(px(near[0]), height() - pad.b); pen.stroke();
        const [low, high] = [near[1], near[2]].map((v) => told(state.log ? 10 ** v : v));
        say.textContent = (state.axis === "time" ? clock(near[0]) : "step " + told(Math.round(near[0]))) + ": " + (low === high ? low : low + " to " + high);
      }
    }
    const clock = (s) => Math.floor(s / 3600) + "h" + String(Math.floor((s % 3600) / 60)).padStart(2, "0") + "m";
    canvas.onmousemove = (e) => { state.at = back(e.offsetX); draw(); };
    canvas.onmouseleave = () => { state.at = null; say.textContent = ""; draw(); };
    canvas.onmousedown = (e) => { from = back(e.offsetX); };
    canvas.onmouseup = (e) => {
      const to = back(e.offsetX);
      if (from !== null && Math.abs(px(to) - px(from)) > 6) state.window = [Math.min(from, to), Math.max(from, to)];
      from = null; draw();
    };
    canvas.ondblclick = () => { state.window = null; draw(); };
    window.onresize = draw;
    draw();
  }
})();
