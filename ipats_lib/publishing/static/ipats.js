/* Draws every chart of the page from the specification that stands beside it. */
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  for (const figure of document.querySelectorAll("figure.chart")) {
    const spec = JSON.parse(figure.querySelector("script").textContent);
    const options = {
      mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false,
      config: { font: "inherit", axis: { labelFontSize: 12, titleFontSize: 12 }, legend: { orient: "top" }, title: { anchor: "start", fontSize: 14 } },
    };
    window.vegaEmbed(figure.querySelector(".canvas"), spec, options)
      .then(() => figure.classList.add("drawn"))
      .catch(() => figure.classList.add("failed"));
  }
});
