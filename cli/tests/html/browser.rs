//! A page in headless Chromium, measured by a script that only the test's copy of the page has.

use std::{env, fs, path::PathBuf, process::Command};

use serde_json::Value;
use tempfile::TempDir;

/// What the browser made of a page.
pub(crate) struct Seen {
    /// What the console says.
    pub(crate) complaints: Vec<String>,
    pub(crate) inner_width: f64,
    pub(crate) scroll_width: f64,
    /// Elements that end to the right of the window, unless they lie in something that scrolls or cuts them off; names
    /// that are squeezed; tables that must be scrolled.
    pub(crate) sticking_out: Vec<String>,
    pub(crate) tiles: Vec<Tile>,
}

/// A tile of a treemap in pixels.
#[derive(Debug)]
pub(crate) struct Tile {
    pub(crate) width: f64,
    pub(crate) height: f64,
    /// Its share of the bytes of its treemap, of the area of that.
    pub(crate) expected_area: f64,
}

impl Tile {
    pub(crate) fn area(&self) -> f64 {
        self.width * self.height
    }
}

const MEASURE: &str = r#"<script>
const out = [...document.querySelectorAll("body *")].filter(e =>
  e.getBoundingClientRect().right > innerWidth + 0.5 && !e.closest(".wide, .treemap, .cell")
).map(e => e.outerHTML.slice(0, 80));
// Names that a narrow column breaks into letters, and tables that must be scrolled, are as bad.
out.push(...[...document.querySelectorAll("th code")].filter(e => e.getClientRects().length > 4).map(e => e.outerHTML));
const scrolled = [...document.querySelectorAll(".wide")].filter(e => e.scrollWidth > e.clientWidth);
out.push(...scrolled.map(e => e.textContent.slice(0, 80)));
const tiles = [...document.querySelectorAll(".treemap")].flatMap(map => {
  const whole = map.getBoundingClientRect();
  const bytes = [...map.children].reduce((sum, group) => sum + Number(group.dataset.bytes), 0);
  return [...map.querySelectorAll(".tile")].map(tile => {
    const box = tile.getBoundingClientRect();
    return [box.width, box.height, whole.width * whole.height * Number(tile.dataset.bytes) / bytes];
  });
});
const result = { inner: innerWidth, scroll: document.documentElement.scrollWidth, out, tiles };
const pre = document.createElement("pre");
pre.id = "measured";
pre.textContent = JSON.stringify(result);
document.body.append(pre);
</script></body>"#;

/// Opens a page in a window of this width; `None`, with a line that says so, where there is no browser.
pub(crate) fn look_at(page: &str, width: u32) -> Option<Seen> {
    let Some(browser) = find() else {
        assert!(env::var_os("BPF_LAYOUT_REQUIRE_TOOLS").is_none(), "no Chromium, and it was required");
        eprintln!("skipped: Chromium is not installed");
        return None;
    };
    let folder = TempDir::new().expect("a temporary folder");
    let file = folder.path().join("page.html");
    // The page forbids scripts, its own copy for the test does not.
    let policy = "<meta http-equiv=\"Content-Security-Policy\"";
    let (before, after) = page.split_once(policy).expect("a policy");
    let (_, after) = after.split_once('>').expect("its end");
    fs::write(&file, format!("{before}{}", after.replace("</body>", MEASURE))).expect("writable");
    let output = Command::new(browser)
        .args(["--headless", "--no-sandbox", "--disable-gpu", "--hide-scrollbars", "--no-first-run"])
        .args(["--disable-dev-shm-usage", "--enable-logging=stderr", "--dump-dom"])
        .arg(format!("--user-data-dir={}", folder.path().join("profile").display()))
        .arg(format!("--window-size={width},1000"))
        .arg(format!("file://{}", file.display()))
        .output()
        .expect("the browser can be run");
    let (dom, log) = (String::from_utf8_lossy(&output.stdout), String::from_utf8_lossy(&output.stderr));
    assert!(output.status.success(), "{log}");
    Some(seen(&dom, &log))
}

fn find() -> Option<PathBuf> {
    let names = ["chromium", "chromium-browser", "google-chrome"];
    let folders: Vec<PathBuf> = env::split_paths(&env::var_os("PATH")?).collect();
    names.iter().flat_map(|name| folders.iter().map(move |folder| folder.join(name))).find(|path| path.is_file())
}

fn seen(dom: &str, log: &str) -> Seen {
    let dom = scraper::Html::parse_document(dom);
    let measured = scraper::Selector::parse("#measured").expect("a selector");
    let measured = dom.select(&measured).next().unwrap_or_else(|| panic!("the page was not measured: {log}"));
    let measured: Value = serde_json::from_str(&measured.text().collect::<String>()).expect("JSON");
    let number = |value: &Value| value.as_f64().expect("a number");
    let array = |value: &Value| value.as_array().expect("an array").clone();
    Seen {
        complaints: log.lines().filter(|line| line.contains("CONSOLE")).map(str::to_owned).collect(),
        inner_width: number(&measured["inner"]),
        scroll_width: number(&measured["scroll"]),
        sticking_out: array(&measured["out"]).iter().map(Value::to_string).collect(),
        tiles: array(&measured["tiles"])
            .iter()
            .map(|tile| Tile { width: number(&tile[0]), height: number(&tile[1]), expected_area: number(&tile[2]) })
            .collect(),
    }
}
