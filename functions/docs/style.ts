/** The page's looks: light and dark, from a telephone to a wide screen. */
export const PAGE_STYLE = `
:root{color-scheme:light dark;--page:#fff;--soft:#f6f7f9;--line:#e1e4e9;--text:#1b1f26;--dim:#5b6472;--link:#0b5cc4;--mark:#eef2f8;
--get:#0a6e3f;--post:#0b5cc4;--patch:#8a5a00;--put:#6a3fb5;--delete:#b42318}
@media (prefers-color-scheme:dark){:root{--page:#12151a;--soft:#191d24;--line:#2b313b;--text:#e6e9ee;--dim:#9aa4b2;--link:#7db3ff;--mark:#202733;
--get:#5fd39a;--post:#7db3ff;--patch:#f0c060;--put:#c3a3ff;--delete:#ff8f85}}
*{box-sizing:border-box}
html{scroll-padding-top:4rem}
body{margin:0;background:var(--page);color:var(--text);font:15px/1.55 system-ui,-apple-system,"Segoe UI",Roboto,sans-serif}
a{color:var(--link);text-decoration:none}a:hover{text-decoration:underline}
code,pre{font:13px/1.5 ui-monospace,SFMono-Regular,Menlo,Consolas,monospace}
p code,td code,li code{background:var(--mark);border-radius:4px;padding:.05em .3em}
.top{position:sticky;top:0;z-index:2;display:flex;gap:1rem;align-items:center;padding:.6rem 1.25rem;background:var(--page);border-bottom:1px solid var(--line)}
.name{font-weight:650;color:var(--text);white-space:nowrap}.raw{font-size:13px;margin-left:auto}
#search{flex:1;max-width:26rem;min-width:0;font:inherit;color:inherit;background:var(--soft);border:1px solid var(--line);border-radius:8px;padding:.4rem .75rem}
:focus-visible{outline:2px solid var(--link);outline-offset:1px}
.frame{display:grid;grid-template-columns:18.5rem minmax(0,1fr);max-width:84rem;margin:0 auto}
nav{position:sticky;top:3.4rem;height:calc(100vh - 3.4rem);overflow:auto;padding:1rem .5rem 3rem 1.25rem;border-right:1px solid var(--line);font-size:13.5px}
nav h2{font-size:12px;letter-spacing:.04em;text-transform:uppercase;color:var(--dim);margin:1.2rem 0 .3rem}
nav ul{list-style:none;margin:0;padding:0}
nav a{display:flex;gap:.5rem;align-items:baseline;color:var(--text);padding:.2rem .4rem;border-radius:6px}
nav a:hover{background:var(--mark);text-decoration:none}
nav .method{flex:0 0 3.1rem;font-size:10px}
main{padding:1.5rem 2rem 6rem;min-width:0}
h1{font-size:1.7rem;line-height:1.2;margin:.2rem 0 .6rem}h1 small{font-size:.9rem;color:var(--dim);font-weight:400}
h2.tag{margin:2.4rem 0 .1rem;font-size:1.25rem}.about{margin:.1rem 0 .8rem;color:var(--dim)}
h4{margin:1.3rem 0 .4rem;font-size:.95rem}h4 small,td small,.kind small{color:var(--dim);font-weight:400;font-size:12px}
.intro{max-width:48rem}
.method{font:700 11px/1 ui-monospace,Menlo,Consolas,monospace;letter-spacing:.02em;color:var(--get)}
.post{color:var(--post)}.patch{color:var(--patch)}.put{color:var(--put)}.delete{color:var(--delete)}
.operation{border:1px solid var(--line);border-radius:10px;margin:.5rem 0;background:var(--page);overflow:hidden}
.operation>summary{display:flex;flex-wrap:wrap;gap:.2rem .8rem;align-items:baseline;padding:.6rem .9rem;cursor:pointer;list-style:none}
.operation>summary::-webkit-details-marker{display:none}
.operation>summary:hover,.operation[open]>summary{background:var(--soft)}
.operation>summary .method{flex:0 0 3.6rem}.path{font-weight:600;overflow-wrap:anywhere}.summary{color:var(--dim)}
.inside{padding:.2rem .9rem 1.1rem;border-top:1px solid var(--line)}
.inside>p{max-width:48rem}
table{border-collapse:collapse;width:100%;font-size:14px}
table table{margin:.4rem 0 .2rem;border-left:2px solid var(--line)}table table th{padding-left:.7rem}
tr+tr>*{border-top:1px solid var(--line)}
th,td{text-align:left;vertical-align:top;padding:.4rem .7rem .4rem 0;overflow-wrap:anywhere}
th{font-weight:500;width:13rem}th i{display:block;font:italic 12px/1.3 system-ui,sans-serif;color:var(--dim)}
table.errors th{width:5rem}
td.kind{width:12rem;color:var(--dim);font-size:13px}td p{margin:0}
p.kind{margin:.1rem 0;color:var(--dim);font-size:13px}
pre{margin:.4rem 0;padding:.75rem .9rem;background:var(--soft);border:1px solid var(--line);border-radius:8px;overflow:auto;max-height:26rem}
.example>summary{cursor:pointer;color:var(--link);font-size:13.5px;margin:.4rem 0}
.status{font:600 12px/1 ui-monospace,Menlo,Consolas,monospace;background:var(--mark);border-radius:5px;padding:.25em .45em}
.or{color:var(--dim);margin:.6rem 0;font-style:italic}
[hidden]{display:none!important}
@media (max-width:60rem){
.frame{display:block}nav{display:none}main{padding:1rem 1rem 4rem}
.top{padding:.5rem 1rem;gap:.6rem}.raw{display:none}
table,tbody,tr,th,td{display:block;width:auto!important}tr{padding:.45rem 0}tr+tr{border-top:1px solid var(--line)}tr+tr>*{border-top:0}
th,td{padding:.05rem 0}th i{display:inline;margin-left:.5rem}table table{padding-left:.7rem}table table th{padding-left:0}
.operation>summary .summary{flex-basis:100%}}
`;
