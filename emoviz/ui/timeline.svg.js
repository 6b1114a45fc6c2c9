// A pen that writes SVG, with as much of a canvas's pen as lanes are drawn with.

class SvgPen {
  constructor() {
    Object.assign(this, { path: "", down: 0, fillStyle: "", strokeStyle: "", globalAlpha: 1, lineWidth: 1, dash: "",
      written: [], clips: 0 })
  }

  // Everything that is drawn from now on stands so many pixels further down, within a box.
  enter(down, left, width, height) {
    this.leave()
    this.clips += 1
    this.written.push(`<clipPath id="lane${this.clips}"><rect x="${left}" y="0" width="${width}" height="${height}"/>`
      + `</clipPath><g transform="translate(0 ${down})"><g clip-path="url(#lane${this.clips})">`)
    this.open = "</g></g>"
  }

  leave() {
    if (this.open) this.written.push(this.open)
    this.open = ""
  }

  beginPath() {
    this.path = ""
  }

  moveTo(x, y) {
    this.path += `M${short(x)} ${short(y)}`
  }

  lineTo(x, y) {
    this.path += `${this.path ? "L" : "M"}${short(x)} ${short(y)}`
  }

  rect(x, y, width, height) {
    this.path += `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}z`
  }

  fill() {
    if (this.path) this.written.push(`<path d="${this.path}" fill="${this.fillStyle}" fill-opacity="${this.globalAlpha}"/>`)
  }

  stroke() {
    if (this.path) this.written.push(`<path d="${this.path}" fill="none" stroke="${this.strokeStyle}" stroke-opacity="`
      + `${this.globalAlpha}" stroke-width="${this.lineWidth}" stroke-dasharray="${this.dash}"/>`)
  }

  // Boxes of one colour that follow each other are one path.
  fillRect(x, y, width, height) {
    const begin = `<path fill="${this.fillStyle}" fill-opacity="${this.globalAlpha}" d="`
    const shape = `M${short(x)} ${short(y)}h${short(width)}v${short(height)}h${short(-width)}z`
    if (this.written.at(-1)?.startsWith(begin)) this.written.push(this.written.pop().slice(0, -3) + shape + '"/>')
    else this.written.push(`${begin}${shape}"/>`)
  }

  fillText(text, x, y) {
    const safe = text.replace(/[&<>]/g, (sign) => `&#${sign.charCodeAt(0)};`)
    const anchor = { center: "middle", right: "end" }[this.textAlign] ?? "start"
    this.written.push(`<text x="${short(x)}" y="${short(y)}" font-family="system-ui, sans-serif" font-size="12" `
      + `dominant-baseline="middle" text-anchor="${anchor}" fill="${this.fillStyle}">${safe}</text>`)
  }

  setLineDash(dash) {
    this.dash = dash.join(" ")
  }

  drawImage(picture, sx, sy, sw, sh, x, y, width, height) {
    const copy = Object.assign(document.createElement("canvas"), { width: Math.max(1, sw), height: sh })
    copy.getContext("2d").drawImage(picture, sx, sy, sw, sh, 0, 0, copy.width, sh)
    this.written.push(`<image href="${copy.toDataURL()}" x="${short(x)}" y="${y}" width="${short(width)}" `
      + `height="${height}" preserveAspectRatio="none"/>`)
  }

  text(width, height, paper) {
    this.leave()
    return `<svg xmlns="http://www.w3.org/2000/svg" width="${width}" height="${height}" viewBox="0 0 ${width} ${height}">`
      + `<rect width="100%" height="100%" fill="${paper}"/>${this.written.join("")}</svg>`
  }
}

function short(number) {
  return Math.round(number * 100) / 100
}
