// Puts a table into the page that the server wrote.
export default function ({ parentElement, data }) {
  const table = parentElement.querySelector(".emoviz-table")
  table.style.maxHeight = `${data.height}px`
  if (table.innerHTML !== data.html) table.innerHTML = data.html
}
