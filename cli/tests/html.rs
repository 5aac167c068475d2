//! `report --format html`: its structure, by an HTML parser, and how it looks, by a browser.

mod common;

use std::{collections::BTreeMap, fs, path::Path};

use common::{Ran, golden, run};
use scraper::{ElementRef, Html, Selector};
use tempfile::TempDir;

#[path = "html/browser.rs"]
mod browser;

/// The maps of Inspektor Gadget before their memory was cut, and others of every kind of cost.
const SPEC: &str = include_str!("golden/report.toml");

const KERNEL: &str = "6.16.12+deb13-amd64";

/// What a browser would take for markup, a stylesheet's end, an escape of a terminal.
const HOSTILE: &str = r#"spec = 1
[struct.value]
doc = "</style><script>alert(1)</script> <img src=x onerror=alert(2)> & \" ' \u001b[31m"
fields = [
  { name = "a", type = "u64" },
  { union = [{ name = "b", type = "u32", doc = "<b>" }, { name = "c", type = "bytes[200]" }] },
  { name = "bit", type = "u8", bits = 3 },
]
[union.either]
fields = [{ name = "x", type = "u64" }, { name = "y", type = "u8[64]" }]
[map.values]
doc = "<script>"
type = "hash"
key = "u32"
value = "value"
max_entries = 64
[profile."x"]
map.values.max_entries = 8
"#;

fn folder(spec: &str) -> TempDir {
    let folder = TempDir::new().expect("a temporary folder");
    fs::write(folder.path().join("layouts.toml"), spec).expect("writable");
    folder
}

fn html(folder: &Path, more: &[&str]) -> Ran {
    run(folder, &[&["report", "--kernel", KERNEL, "--format", "html"], more].concat())
}

fn page(spec: &str, more: &[&str]) -> String {
    let ran = html(folder(spec).path(), more);
    assert_eq!((ran.status, ran.err.as_str()), (0, ""));
    ran.out
}

fn parse(page: &str) -> Html {
    let parsed = Html::parse_document(page);
    assert!(parsed.errors.is_empty(), "{:?}", parsed.errors);
    parsed
}

fn all<'a>(page: &'a Html, selector: &str) -> Vec<ElementRef<'a>> {
    page.select(&Selector::parse(selector).expect("a selector")).collect()
}

fn text(element: ElementRef<'_>) -> String {
    element.text().collect::<Vec<_>>().join(" ").split_whitespace().collect::<Vec<_>>().join(" ")
}

fn bytes_of(element: ElementRef<'_>) -> u64 {
    element.attr("data-bytes").expect("bytes").parse().expect("a number")
}

#[test]
fn the_page_is_the_same_for_the_same_spec() {
    let small = page(common::SPEC, &["--cpus", "4"]);
    golden("report.html", &small);
    assert_eq!(small, page(common::SPEC, &["--cpus", "4"]));
}

#[test]
fn it_has_the_figures_of_the_json() {
    let folder = folder(SPEC);
    let page = html(folder.path(), &["--cpus", "4"]).out;
    let page = parse(&page);
    let json = run(folder.path(), &["report", "--kernel", KERNEL, "--cpus", "4", "--format", "json"]).out;
    let json: serde_json::Value = serde_json::from_str(&json).expect("JSON");
    let rows: BTreeMap<String, Vec<String>> = all(&page, "#maps tbody tr")
        .into_iter()
        .map(|row| {
            let cells = |selector| row.select(&Selector::parse(selector).expect("a selector")).map(text).collect();
            let name: Vec<String> = cells("th code");
            (name[0].clone(), cells("td.number"))
        })
        .collect();
    let maps = json["maps"].as_array().expect("maps");
    assert_eq!(rows.len(), maps.len());
    for map in maps {
        let row = &rows[map["name"].as_str().expect("a name")];
        for (cell, figure) in row.iter().zip(["memlock", "memlock_full", "real", "real_full"]) {
            assert_eq!(cell.replace(',', ""), map[figure].to_string(), "{figure} of {}", map["name"]);
        }
    }
    // Groups of the treemap are what maps take, tiles of a group what its bytes are for.
    let groups: u64 = all(&page, ".treemap > .group").into_iter().map(bytes_of).sum();
    assert_eq!(Some(groups), json["total"]["real_full"].as_u64());
    for group in all(&page, ".treemap > .group") {
        let tiles = group.child_elements().filter(|child| child.attr("data-bytes").is_some());
        assert_eq!(tiles.map(bytes_of).sum::<u64>(), bytes_of(group), "{}", text(group));
    }
}

#[test]
fn every_struct_is_drawn() {
    let page = page(SPEC, &["--cpus", "4"]);
    let page = parse(&page);
    let names: Vec<String> = all(&page, ".struct h3 code").into_iter().map(text).collect();
    assert_eq!(names, ["socket_key", "task", "socket_value", "fsnotify", "packet"]);
    let value = all(&page, ".struct")[2];
    let select = |selector: &str| value.select(&Selector::parse(selector).expect("a selector")).count();
    assert_eq!(select(".hole"), 2, "what is left of the byte of bitfields, and before `cookie`");
    assert_eq!(select(".left"), 2, "the middles of two paths");
    assert!(text(value).contains("8272 bytes, alignment 8, 9 fields"), "{}", text(value));
}

#[test]
fn profiles_stand_side_by_side() {
    let spec = format!("{SPEC}\n[profile.short]\nlengths.PATH = 512\n");
    let compared = page(&spec, &["--cpus", "4", "--profile", "short", "--compare", ""]);
    let compared = parse(&compared);
    let captions: Vec<String> = all(&compared, "#compared figcaption").into_iter().map(text).collect();
    assert_eq!(captions, ["without a profile : 184.2 MB", "profile short : 30.0 MB"]);
    // Areas go with bytes: widths and heights go with the root of the ratio.
    let widths: Vec<f64> = all(&compared, "#compared .treemap")
        .into_iter()
        .map(|map| map.attr("style").expect("a width"))
        .map(|style| style["width:".len()..].trim_end_matches('%').parse().expect("a number"))
        .collect();
    let totals: Vec<u64> =
        all(&compared, "#compared .treemap").into_iter().map(|map| map.child_elements().map(bytes_of).sum()).collect();
    let ratio = totals[1] as f64 / totals[0] as f64;
    assert!(((widths[1] / widths[0]).powi(2) - ratio).abs() < 1e-3, "{widths:?} {totals:?}");
    let pairs: Vec<String> = all(&compared, "#structs .pair h3").into_iter().map(text).collect();
    assert_eq!(pairs, ["struct socket_value", "struct socket_value", "struct fsnotify", "struct fsnotify"]);
    assert_eq!(all(&compared, "#structs .struct").len(), 7);
}

#[test]
fn machines_have_a_treemap_each() {
    let several = page(SPEC, &["--cpus", "2,64"]);
    let several = parse(&several);
    assert_eq!(all(&several, "#memory .treemap").len(), 2);
    let heads: Vec<String> = all(&several, "#maps thead th").into_iter().map(text).collect();
    assert_eq!(heads, ["map", "full, 2 CPUs", "really taken", "full, 64 CPUs", "really taken"]);
}

#[test]
fn over_a_budget_says_the_ways_back() {
    let spec = SPEC.replace("max_entries = \"SOCKETS\"", "max_entries = \"SOCKETS\"\nbudget = \"20 MiB\"");
    let ran = html(folder(&spec).path(), &["--cpus", "4"]);
    assert_eq!(ran.status, 1);
    let over = parse(&ran.out);
    let callout = text(all(&over, ".callout")[0]);
    assert!(callout.contains("Over budget: gadget_sockets") && callout.contains("PATH 4096 -> 512"), "{callout}");
}

#[test]
fn nothing_in_a_spec_becomes_markup() {
    let page = page(HOSTILE, &["--cpus", "4", "--profile", "x", "--compare", ""]);
    assert!(!page.chars().any(|c| c.is_control() && c != '\n'), "control characters in the page");
    let page = parse(&page);
    for element in ["script", "img", "link", "iframe", "object", "b", "[onerror]", "[src]"] {
        assert_eq!(all(&page, element).len(), 0, "{element}");
    }
    assert_eq!(all(&page, "style").len(), 1);
    let doc = text(all(&page, ".struct p")[0]);
    assert!(doc.starts_with("</style><script>alert(1)</script> <img src=x onerror=alert(2)> & \" '"), "{doc}");
}

#[test]
fn it_can_be_read_without_seeing_it() {
    let page = page(SPEC, &["--cpus", "4"]);
    let page = parse(&page);
    assert_eq!(all(&page, "html[lang=en]").len(), 1);
    assert_eq!(all(&page, "h1").len(), 1);
    for picture in all(&page, ".treemap, .bytes") {
        assert_eq!(picture.attr("role"), Some("img"));
        assert!(picture.attr("aria-label").is_some_and(|label| label.contains("below")));
    }
    for head in all(&page, "th") {
        assert!(head.attr("scope").is_some(), "{}", text(head));
    }
    for link in all(&page, "nav a") {
        let target = link.attr("href").expect("a target");
        assert_eq!(all(&page, target).len(), 1, "{target}");
    }
}

#[test]
fn to_compare_takes_html_and_a_profile_that_exists() {
    let folder = folder(common::SPEC);
    let table = run(folder.path(), &["report", "--compare", "long"]);
    assert_eq!((table.status, table.out.as_str()), (2, ""));
    assert!(table.err.contains("cargo bpf-layout diff layouts.toml#long layouts.toml"), "{}", table.err);
    let unknown = html(folder.path(), &["--compare", "lng"]);
    assert_eq!((unknown.status, unknown.out.as_str()), (2, ""));
    assert!(unknown.err.contains("did you mean `long`"), "{}", unknown.err);
}

#[test]
fn no_maps_have_a_page() {
    let page = page("spec = 1\n[struct.a]\nfields = [{ name = \"x\", type = \"u8\" }]\n", &["--cpus", "2"]);
    assert!(page.contains("defines no maps"));
    assert_eq!(all(&parse(&page), ".struct").len(), 1);
}

/// In a browser: nothing complains, nothing sticks out, areas are bytes.
#[test]
fn a_browser_shows_what_was_computed() {
    let spec = format!("{SPEC}\n[profile.short]\nlengths.PATH = 512\n");
    for page in [
        page(&spec, &["--cpus", "4"]),
        page(&spec, &["--cpus", "2,64", "--profile", "short", "--compare", ""]),
        page(HOSTILE, &["--cpus", "4"]),
    ] {
        for width in [800, 1600] {
            let Some(seen) = browser::look_at(&page, width) else { return };
            assert_eq!(seen.complaints, Vec::<String>::new());
            assert_eq!(seen.inner_width, f64::from(width));
            assert!(seen.scroll_width <= seen.inner_width, "{} of {width} px", seen.scroll_width);
            assert_eq!(seen.sticking_out, Vec::<String>::new(), "at {width} px");
            assert!(!seen.tiles.is_empty());
            for tile in &seen.tiles {
                // A pixel more or less in each direction.
                let tolerance = 2.0 * (tile.width + tile.height) + 4.0;
                assert!((tile.area() - tile.expected_area).abs() <= tolerance, "{tile:?} at {width} px");
            }
        }
    }
}
