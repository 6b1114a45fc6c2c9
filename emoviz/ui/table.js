// Puts a table into the page that the server wrote; one that scrolls can be reached and scrolled by keys.
export default function ({ parentElement, data }) {
  const table = parentElement.querySelector(".emoviz-table")
  table.style.maxHeight = `${data.height}px`
  if (table.innerHTML !== data.html) table.innerHTML = data.html
  if (table.scrollHeight > table.clientHeight || table.scrollWidth > table.clientWidth) table.tabIndex = 0
  else table.removeAttribute("tabindex")
}
