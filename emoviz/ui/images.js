// Saves the plotly figure with the given key; what drew it does it, so no network is needed.

export default function (component) {
  const { parentElement, data } = component
  for (const format of ["png", "svg"]) {
    parentElement.querySelector("#" + format).onclick = async () => {
      const plot = document.querySelector(`.st-key-${data.figure} .js-plotly-plot`)
      const background = getComputedStyle(parentElement.querySelector("#row")).getPropertyValue("--st-background-color")
      const layout = { ...plot.layout, paper_bgcolor: background, plot_bgcolor: background }
      const picture = { data: plot.data, layout, config: {} }
      const plotly = plot.closest("[data-testid=stPlotlyChart]") ? window.Plotly : window.emovizPlotly
      await plotly.downloadImage(picture, {
        format,
        filename: data.name,
        width: plot.offsetWidth,
        height: plot.offsetHeight,
        scale: format === "png" ? 2 : 1,
      })
    }
  }
}
