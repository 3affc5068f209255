//! The page about this language names a test for each statement; all of them are there.

#[test]
fn every_test_that_the_page_names_is_there() {
    let home = env!("CARGO_MANIFEST_DIR");
    let page = std::fs::read_to_string(format!("{home}/../../gateway/docs/criteria.md")).unwrap();
    let mut named = 0;
    for name in page.split('`').filter(|text| !text.contains(char::is_whitespace)) {
        let Some((module, test)) = name.split_once("::").filter(|(module, _)| *module != "criteria") else { continue };
        let tests =
            std::fs::read_to_string(format!("{home}/src/tests/{module}.rs")).unwrap_or_else(|_| panic!("there is no module {module}"));
        assert!(tests.contains(&format!("fn {test}(")), "the page names {name}");
        named += 1;
    }
    assert!(named > 50, "{named}");
}

/// The document and the English of the page.
#[test]
fn the_example_of_the_page_is_said_as_the_page_says() {
    let page = std::fs::read_to_string(format!("{}/../../gateway/docs/criteria.md", env!("CARGO_MANIFEST_DIR"))).unwrap();
    let between = |from: &str| page.split_once(from).unwrap().1.split_once("```").unwrap().0.to_owned();
    let document = serde_json::from_str(&between("```json\n")).unwrap();
    assert_eq!(crate::plain(&document).unwrap(), between("```text\n"));
}
