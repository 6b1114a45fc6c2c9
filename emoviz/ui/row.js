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

const DENSE = 300 / 96 // pixels of a printed picture for each of the page's

// What drew the figure draws the picture, so no network is needed. It is for paper, as large as on the page.
async function savePicture(figure, filename, format) {
  const plot = document.querySelector(`.st-key-${figure} .js-plotly-plot`)
  if (!plot) { // a figure that draws itself, or one that is not drawn yet
    document.dispatchEvent(new CustomEvent("emoviz:picture", { detail: { figure, filename, format } }))
    return
  }
  const plotly = plot.closest("[data-testid=stPlotlyChart]") ? window.Plotly : window.emovizPlotly
  const { data, layout } = plot.emovizPrinted?.() ?? plot
  const { width, height } = plot._fullLayout
  const drawn = { data, layout, config: {} }
  if (format !== "pdf") {
    plotly.downloadImage(drawn, { format, filename, width, height, scale: format === "png" ? DENSE : 1 })
    return
  }
  const url = await plotly.toImage(drawn, { format: "jpeg", width, height, scale: DENSE })
  const picture = atob(url.slice(url.indexOf(",") + 1))
  const pixels = [width, height].map((length) => Math.floor(length * DENSE))
  const bytes = Uint8Array.from(pdfOf(picture, pixels, [width * 0.75, height * 0.75]), (c) => c.charCodeAt(0))
  const href = URL.createObjectURL(new Blob([bytes], { type: "application/pdf" }))
  Object.assign(document.createElement("a"), { href, download: `${filename}.pdf` }).click()
  setTimeout(() => URL.revokeObjectURL(href), 60000)
}

// A PDF of one page, which a JPEG fills; texts hold one byte per letter. Lengths of the page are in points.
function pdfOf(jpeg, [columns, rows], [width, height]) {
  const place = `q ${width} 0 0 ${height} 0 0 cm /Picture Do Q`
  const image = `/Subtype /Image /Width ${columns} /Height ${rows} /ColorSpace /DeviceRGB /BitsPerComponent 8`
  const objects = [
    "<< /Type /Catalog /Pages 2 0 R >>",
    "<< /Type /Pages /Kids [3 0 R] /Count 1 >>",
    `<< /Type /Page /Parent 2 0 R /MediaBox [0 0 ${width} ${height}] /Contents 4 0 R ` +
      "/Resources << /XObject << /Picture 5 0 R >> >> >>",
    `<< /Length ${place.length} >>\nstream\n${place}\nendstream`,
    `<< /Type /XObject ${image} /Filter /DCTDecode /Length ${jpeg.length} >>\nstream\n${jpeg}\nendstream`,
  ]
  let text = "%PDF-1.4\n"
  const offsets = objects.map((object, place) => {
    const offset = text.length
    text += `${place + 1} 0 obj\n${object}\nendobj\n`
    return `${String(offset).padStart(10, "0")} 00000 n \n`
  })
  const start = text.length
  text += `xref\n0 ${objects.length + 1}\n0000000000 65535 f \n${offsets.join("")}`
  return `${text}trailer\n<< /Size ${objects.length + 1} /Root 1 0 R >>\nstartxref\n${start}\n%%EOF\n`
}
