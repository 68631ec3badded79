/* Draws every chart of the page from the specification that stands beside it. */
"use strict";
document.addEventListener("DOMContentLoaded", () => {
  for (const figure of document.querySelectorAll("figure.chart")) {
    const spec = JSON.parse(figure.querySelector("script").textContent);
    // Vega measures its labels on a canvas, which does not know "inherit".
    const font = getComputedStyle(document.body).fontFamily;
    const options = {
      mode: "vega-lite", renderer: "svg", actions: false, ast: true, defaultStyle: false,
      // Its style stands in style.css: a style sheet written by a script would break the policy.
      tooltip: { disableDefaultStyle: true },
      config: { font, axis: { labelFontSize: 12, titleFontSize: 12 }, legend: { orient: "top" }, title: { anchor: "start", fontSize: 14 } },
    };
    window.vegaEmbed(figure.querySelector(".canvas"), spec, options)
      .then(() => figure.classList.add("drawn"))
      .catch(() => figure.classList.add("failed"));
  }
});
