// The buttons beneath a figure or table. What they open and the files are made by the server, pictures by plotly.

let saved // the file that was saved last

export default function ({ parentElement, data, setStateValue, setTriggerValue }) {
  const row = parentElement.querySelector(".emoviz-row")
  if (!row.children.length) row.append(...data.buttons.map(([kind, value, text]) => button(kind, value, text)))
  for (const opener of row.querySelectorAll("[data-kind=opened]")) {
    opener.ariaExpanded = String(opener.dataset.value === data.opened)
  }
  row.onclick = ({ target }) => {
    const { kind, value } = target.dataset
    if (kind === "opened") setStateValue("opened", value === data.opened ? null : value)
    if (kind === "file") setTriggerValue("file", value)
    if (kind === "picture") savePicture(data.figure, data.name, value)
  }
  if (data.file && data.file.id !== saved) {
    saved = data.file.id
    Object.assign(document.createElement("a"), { href: data.file.url, download: data.file.name }).click()
  }
}

function button(kind, value, text) {
  const made = Object.assign(document.createElement("button"), { textContent: text })
  Object.assign(made.dataset, { kind, value })
  return made
}

// What drew the figure draws the picture, so no network is needed.
function savePicture(figure, filename, format) {
  const plot = document.querySelector(`.st-key-${figure} .js-plotly-plot`)
  if (!plot) { // a figure that draws itself, or one that is not drawn yet
    document.dispatchEvent(new CustomEvent("emoviz:picture", { detail: { figure, filename, format } }))
    return
  }
  const plotly = plot.closest("[data-testid=stPlotlyChart]") ? window.Plotly : window.emovizPlotly
  const { data, layout } = plot
  const size = { width: plot.offsetWidth, height: plot.offsetHeight, scale: format === "png" ? 2 : 1 }
  plotly.downloadImage({ data, layout, config: {} }, { format, filename, ...size })
}
