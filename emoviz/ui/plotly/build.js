// Makes plotly.min.js.gz and its LICENSES.txt: `npm install && npm run build` in this folder.
import { createHash } from "node:crypto"
import { readdirSync, readFileSync, writeFileSync } from "node:fs"
import { gzipSync } from "node:zlib"
import { build } from "esbuild"
import { environmentPlugin } from "esbuild-plugin-environment"
import { glsl } from "esbuild-plugin-glsl"
import InlineCSS from "esbuild-plugin-inline-css"

const TRACES = ["bar", "heatmap", "image", "scattergl"] // beside scatter, which plotly's core has

const traces = TRACES.map((name) => `require("plotly.js/lib/${name}")`)
const { metafile, outputFiles } = await build({
  stdin: {
    contents: `const core = require("plotly.js/lib/core"); core.register([${traces}]); module.exports = core`,
    resolveDir: ".",
  },
  format: "iife",
  globalName: "emovizPlotly",
  bundle: true,
  minify: true,
  legalComments: "none",
  write: false,
  metafile: true,
  target: "es2020",
  plugins: [InlineCSS(), glsl({ minify: true }), environmentPlugin({ NODE_DEBUG: false })],
  alias: { regl: "@plotly/regl", stream: "stream-browserify" },
  define: { global: "window", "define.amd": "false" },
})
const packed = gzipSync(outputFiles[0].contents, { level: 9 })
writeFileSync("plotly.min.js.gz", packed)

// Who made it: a line of copyright for each part, and the words of each licence once.
const used = Object.keys(metafile.inputs).map((path) => path.match(/.*node_modules\/(@[^/]+\/[^/]+|[^/]+)\//)?.[0])
const parts = [...new Set(used.filter(Boolean))].map((folder) => {
  const { name, version, license, author } = JSON.parse(readFileSync(folder + "package.json", "utf8"))
  const file = readdirSync(folder).find((name) => /^licen[cs]e/i.test(name))
  const words = file ? readFileSync(folder + file, "utf8").trim() : ""
  const rights = words.match(/^.*copyright.*\d.*$/im)?.[0] ?? `Copyright ${author?.name ?? author ?? "its authors"}`
  return { name: `${name} ${version}`, license, words, rights: rights.replace(/^[\s*#>]+/, "").trim() }
})
const list = parts.map(({ name, license, rights }) => `${name}, ${license}: ${rights}`).sort()
const kinds = [...new Set(parts.map(({ license }) => license))].sort().map((kind) => {
  const example = parts.filter(({ license, words }) => license === kind && words).sort((a, b) => a.words.length - b.words.length)[0]
  return `${kind}, as in ${example.name}:\n\n${example.words}`
})
const sum = createHash("sha256").update(packed).digest("hex")
writeFileSync("LICENSES.txt", [`What plotly.min.js.gz (sha256 ${sum}) is made of`, list.join("\n"), ...kinds].join("\n\n") + "\n")
