// node trim.mjs < bootstrap.min.css > bootstrap.trimmed.min.css : drops what needs Bootstrap's JavaScript, data-bs-theme=dark
// (the tokens do that by media query), the xxl breakpoint, and parts that the house has of its own.
import postcss from "postcss";
import { readFileSync } from "node:fs";
const css = readFileSync(0, "utf8");
const gone = /\.(carousel|modal|offcanvas|popover|bs-popover|tooltip|bs-tooltip|toast|accordion|dropdown|dropup|dropend|dropstart|collapsing|collapse|navbar|nav|tab-content|breadcrumb|placeholder|form-floating|form-range|form-switch|form-control-color|ratio|spinner|btn-close|btn-group|btn-toolbar|btn-check|btn-(outline-)?(success|info|warning|light|dark)|figure|link-(primary|secondary|success|danger|warning|info|light|dark|opacity|offset|underline)|icon-link|focus-ring|vr|stretched-link|was-validated|valid-feedback|valid-tooltip|invalid-tooltip|is-valid|table-(primary|secondary|success|info|warning|danger|light|dark)|list-group-item-(primary|secondary|success|info|warning|danger|light|dark)|alert-(primary|secondary|success|info|warning|danger|light|dark|dismissible|link)|text-bg|bg-(primary|secondary|success|info|warning|danger|light|dark|black|body|opacity|gradient)|border-(primary|secondary|success|info|warning|danger|light|dark|black|white|opacity)|progress|img-thumbnail|[a-z-]+-xxl(-[a-z0-9-]+)?)(?![a-zA-Z0-9_])|\.(modal|offcanvas|carousel|dropdown|navbar|nav|toast|accordion|popover|tooltip|spinner|placeholder|breadcrumb|link-opacity|link-offset|link-underline|border-opacity|bg-opacity|text-opacity|progress|form-floating|btn-group|ratio|figure)-|\[data-bs-theme=dark\]|placeholder-wave|^progress$/;
const plugin = { postcssPlugin: "trim", OnceExit(root) {
  root.walkRules((rule) => {
    if (rule.parent.type === "atrule" && /keyframes/.test(rule.parent.name)) return;
    const kept = rule.selectors.filter((s) => !gone.test(s));
    if (!kept.length) rule.remove(); else if (kept.length < rule.selectors.length) rule.selectors = kept;
  });
  root.walkAtRules(/keyframes/, (r) => { if (/spinner|placeholder|progress/.test(r.params)) r.remove(); });
  root.walkAtRules("media", (r) => { if (r.params.includes("1400px") && !r.toString().includes("container")) r.remove(); });
  // data: images are against the Content-Security-Policy; the theme has files instead
  root.walkDecls((d) => { if (/url\("?data:/.test(d.value)) d.remove(); });
  root.walkRules((r) => { if (!r.nodes.length) r.remove(); });
  root.walkAtRules((r) => { if (r.nodes && !r.nodes.length) r.remove(); });
} };
process.stdout.write((await postcss([plugin]).process(css, { from: undefined })).css);
