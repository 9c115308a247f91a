#include "page.h"

namespace millrace::sse_sink {

// Cells are set as text, never as HTML: rows may hold what strangers wrote.
const char* const kPage = R"html(<!DOCTYPE html>
<html lang="en"><head><meta charset="utf-8"><title>Millrace</title><style>
body{font:14px system-ui,sans-serif;margin:2em}table{border-collapse:collapse}
th,td{text-align:left;padding:.2em .8em;border-bottom:1px solid #ddd;max-width:40em;overflow:hidden;text-overflow:ellipsis;white-space:nowrap}
#state{color:#777}</style></head><body><p id="state">connecting</p><table><thead></thead><tbody></tbody></table><script>
const head=document.querySelector('thead'),body=document.querySelector('tbody'),state=document.getElementById('state');
let columns=[],rows=0;
function line(cells,tag){const tr=document.createElement('tr');for(const c of cells){const td=document.createElement(tag);
td.textContent=typeof c==='object'?JSON.stringify(c):c===undefined?'':c;tr.append(td)}return tr}
const feed=new EventSource('events');
feed.onopen=()=>state.textContent='live';
feed.onerror=()=>state.textContent='reconnecting';
feed.onmessage=e=>{let row;try{row=JSON.parse(e.data)}catch{row={value:e.data}}
if(row===null||typeof row!=='object')row={value:row};
for(const k of Object.keys(row))if(!columns.includes(k)){columns.push(k);head.replaceChildren(line(columns,'th'))}
body.prepend(line(columns.map(k=>row[k]),'td'));if(++rows>200)body.lastChild.remove()};
</script></body></html>
)html";

}  // namespace millrace::sse_sink
