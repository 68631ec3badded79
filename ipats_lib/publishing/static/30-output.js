/* Draws every chart of the page from the specification beside it. */
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  for (const data of document.querySelectorAll('figure.chart > script[type="application/json"]')) drawn(data.parentElement, data);
});

function drawn(figure, data) {
  const canvas = figure.querySelector(".canvas");
  const spec = JSON.parse(data.textContent);
  if (spec.width !== "container") scrolling(canvas);
  if (canvas.clientWidth < 500 && spec.config?.axis) narrow(spec);
  const controls = document.createElement("div");
  controls.className = "controls";
  canvas.after(controls);
  // Vega measures its labels on a canvas, which does not know "inherit".
  const font = getComputedStyle(document.body).fontFamily;
  const options = {
    mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false, bind: controls,
    // Its style is in the style sheet: a style sheet written by a script would break the policy.
    tooltip: { disableDefaultStyle: true },
    config: { font, axis: { labelFontSize: 12, titleFontSize: 12 }, legend: { orient: "top" }, title: { anchor: "start", fontSize: 14 } },
  };
  window.vegaEmbed(canvas, spec, options)
    .then(() => {
      // The canvas is one picture with a description; the table beside it carries the values.
      canvas.querySelector("svg").setAttribute("aria-hidden", "true");
      if (!controls.firstChild) controls.remove();
      figure.classList.add("drawn");
    })
    .catch(() => figure.classList.add("failed"));
}

/* On a phone a long name beside an axis takes two lines, so that at least half the width is left to what is drawn. */
function narrow(spec) {
  const { config } = spec;
  const named = (part) => (part.encoding?.y?.type === "nominal" && part.encoding.y.axis?.labels !== false) || Boolean(part.layer?.some(named));
  config.axis.labelLimit = 160;
  if (!named(spec)) return;
  config.axisYDiscrete = {
    ...config.axisYDiscrete, labelFontSize: 11, labelLineHeight: 11,
    labelExpr: "length(datum.label) > 22 ? split(replace(datum.label, regexp('(.{12,22}) (.+)'), '$1\\n$2'), '\\n') : datum.label",
    labelBaseline: { condition: { test: "length(datum.value) > 22", value: "bottom" }, value: "middle" },
  };
  if (typeof spec.height === "number") spec.height *= 1.3;
  else if (!spec.height) config.view = { ...config.view, discreteHeight: { step: 28 } };
}

/* A chart of a width of its own, which a narrow screen shows part by part: keys must move it, too. */
function scrolling(canvas) {
  const box = document.createElement("div");
  box.className = "wide";
  box.tabIndex = 0;
  box.setAttribute("role", "group");
  box.setAttribute("aria-label", `Scrolls: ${canvas.getAttribute("aria-label")}`);
  canvas.before(box);
  box.append(canvas);
}
