//! What the language takes and refuses, and that it takes a template for what Handlebars takes it for.

use super::filling::FUNCTIONS;
use super::tree::LONGEST;
use super::*;
use proptest::prelude::*;
use serde_json::{Value, json};

const ENOUGH: usize = 100_000;

fn filled(source: &str, values: Value) -> Result<String, Flaw> {
    Parsed::of(source)?.fill(&Context::from(values), Escape::Html, ENOUGH)
}

fn refused(source: &str) -> (usize, usize) {
    let flaw = Parsed::of(source).expect_err(source);
    (flaw.line, flaw.column)
}

#[test]
fn names_lists_and_questions_are_filled_and_escaped() {
    let values =
        json!({ "who": "<Ana & co>", "items": [{ "name": "Robe", "sizes": ["S", "M"] }, { "name": "Sac", "sizes": [] }], "gift": true });
    let source = "{{who}}{{#each items}}{{@index}}{{#if @first}}:{{else}},{{/if}}{{name}}{{#each sizes}}[{{this}} {{../name}} {{../../who}}]{{else}}-{{/each}}{{/each}}{{#if gift}}!{{/if}}{{! done }}";
    let expected = "&lt;Ana &amp; co&gt;0:Robe[S Robe &lt;Ana &amp; co&gt;][M Robe &lt;Ana &amp; co&gt;]1,Sac-!";
    assert_eq!(filled(source, values).unwrap(), expected);
}

#[test]
fn everything_else_of_handlebars_is_refused_where_it_stands() {
    let first = [
        "{{{a}}}",
        "{{&a}}",
        "{{~{a}~}}",
        "{{{{raw}}}}x{{{{/raw}}}}",
        "{{> page}}",
        "{{#> page}}x{{/page}}",
        "{{* inline}}",
        "{{#*inline \"a\"}}x{{/inline}}",
        "{{lookup a b}}",
        "{{log a}}",
        "{{#with a}}x{{/with}}",
        "{{#unless a}}x{{/unless}}",
        "{{#a}}x{{/a}}",
        "{{len a}}",
        "{{eq a b}}",
        "{{a b}}",
        "{{a b=1}}",
        "{{(len a)}}",
        "{{#if (len a)}}x{{/if}}",
        "{{#if 1}}x{{/if}}",
        "{{#each a as |b|}}x{{/each}}",
        "{{#if a b}}x{{/if}}",
        "{{#if a includeZero=true}}x{{/if}}",
        "{{this}}",
        "{{../a}}",
        "{{@root.a}}",
        "{{@index}}",
        "{{a.[0]}}",
        "{{[a b]}}",
        "{{a/b}}",
        "{{./a}}",
        "{{a.b.c.d.e}}",
        "{{if}}",
        "{{each}}",
        "{{é}}",
        "{{a-b}}",
        "{{}}",
        "{{ }}",
        "{{a",
        "{{!-- a }}",
        "{{! {{a}} }}",
        "{{a{b}}",
        "{{/if}}",
        "{{#each this}}x{{/each}}",
    ];
    for source in first {
        assert_eq!(refused(source), (1, 1), "{source}");
        assert_eq!(refused(&format!("a\nbé{source}")), (2, 3), "{source}");
    }
    assert_eq!(refused("\\{{a}}"), (1, 2));
    assert_eq!(refused("{{#if a}}x{{else if b}}y{{/if}}"), (1, 11));
    assert_eq!(refused("{{#if a}}x{{^if b}}y{{/if}}"), (1, 11));
    assert_eq!(refused("{{#each a}}{{../../b}}{{/each}}"), (1, 12));
    assert_eq!(refused("{{#if a}}\nx"), (2, 2));
    assert_eq!(refused("{{#if a}}x{{/each}}"), (1, 11));
    assert_eq!(refused("{{#if a}}x{{else}}y{{^}}z{{/if}}"), (1, 20));
    assert_eq!(refused("x{{else}}"), (1, 2));
    assert_eq!(refused("x{{elsewhere}}"), (1, 2));
    assert_eq!(refused("x{{~~a}}"), (1, 2));
}

#[test]
fn a_comment_ends_where_it_does_to_handlebars() {
    for source in ["{{! -- a }}b", "{{! ----- a ----- }}b", "{{!--}}b", "{{!-- }} --}}b", "{{! -- a }} --}}b", "{{! a --}}b", "{{!}}b"] {
        assert_eq!(filled(source, json!({})).as_deref(), Ok("b"), "{source}");
        let all = handlebars::Template::compile(source).unwrap();
        assert_eq!(all.elements.len(), 2, "{source}");
    }
}

#[test]
fn a_name_without_a_value_is_an_error_where_it_stands_and_a_question_about_it_is_not() {
    let flaw = filled("a\n  {{nobody}}", json!({})).unwrap_err();
    assert_eq!((flaw.line, flaw.column, flaw.reason.as_str()), (2, 3, "there is no value for nobody"));
    assert!(filled("{{#each nobody}}x{{/each}}", json!({})).is_err());
    assert!(filled("{{#each a}}x{{/each}}", json!({ "a": "text" })).is_err());
    assert!(filled("{{#each a}}x{{/each}}", json!({ "a": { "b": 1 } })).is_err());
    assert!(filled("{{#each a}}{{b}}{{/each}}", json!({ "a": [{ "c": 1 }] })).is_err());
    assert_eq!(filled("{{#if nobody}}x{{else}}y{{/if}}", json!({})).unwrap(), "y");
}

#[test]
fn a_variable_named_like_a_function_of_handlebars_is_a_variable() {
    for name in FUNCTIONS {
        assert_eq!(filled(&format!("{{{{{name}}}}}"), json!({ name: "x" })).unwrap(), "x", "{name}");
    }
}

#[test]
fn every_name_is_known_with_its_place_in_the_values() {
    let parsed = Parsed::of("{{a}}\n{{#each items}}{{name}}{{this.size}}{{../b}}{{@index}}{{/each}}{{#if c}}{{d.e}}{{/if}}").unwrap();
    let uses: Vec<(&str, usize)> = parsed.uses.iter().map(|name| (name.path.as_str(), name.line)).collect();
    assert_eq!(uses, [("a", 1), ("items", 2), ("items.name", 2), ("items.size", 2), ("b", 2), ("c", 2), ("d.e", 2)]);
    assert_eq!(parsed.uses.iter().map(Use::variable).collect::<Vec<_>>(), ["a", "items", "items", "items", "b", "c", "d"]);
}

#[test]
fn loops_end_and_pages_have_a_size() {
    let many = json!({ "a": vec![json!({}); 500] });
    for body in ["", "x"] {
        let nested = format!("{0}{body}{1}", "{{#each a}}{{#each ../a}}", "{{/each}}{{/each}}");
        assert!(filled(&nested, many.clone()).unwrap_err().reason.contains("too often"));
    }
    let wide = format!("{{{{#each a}}}}{}{{{{/each}}}}", "{{#if b}}{{/if}}".repeat(900));
    assert!(filled(&wide, many.clone()).is_err());
    assert!(
        filled("{{#each a}}{{../b}}{{/each}}", json!({ "a": vec![0; 500], "b": "x".repeat(1000) })).unwrap_err().reason.contains("larger")
    );
    for source in [
        "{{#if a}}".repeat(5_000),
        "{{a}}".repeat(5_000),
        "{{!a}}".repeat(5_000),
        format!("{}{}", "{{ ~#if a}}".repeat(1_000), "{{ ~/if}}".repeat(1_000)),
        format!("{{{{{}a{}}}}}", "(a ".repeat(20_000), ")".repeat(20_000)),
        format!("{{{{a {}{}}}}}", "[".repeat(20_000), "]".repeat(20_000)),
        format!("{}{}", "{{#if a}}".repeat(9), "{{/if}}".repeat(9)),
    ] {
        assert!(Parsed::of(&source).is_err());
    }
}

/// What Handlebars makes of all of a source at once.
fn whole(source: &str) -> Result<Parsed, Flaw> {
    tags::scan(source)?;
    let template = Template::compile(source).map_err(|error| {
        // It stops somewhere inside of the tag that it can't read.
        let (line, column) = error.pos().unwrap();
        let before: usize = source.split_inclusive('\n').take(line - 1).map(str::len).sum();
        let stopped = before + source[before..].char_indices().nth(column - 1).map_or(0, |(byte, _)| byte);
        let tag = source[..(stopped + 2).min(source.len())].rfind("{{").unwrap();
        assert!(error.reason().to_string().contains("expected"), "{error}");
        Flaw::at(source, tag, "this is no tag of the language")
    })?;
    Parsed::checked(template)
}

/// A tree with all of its places. Whether a block would be set in by the spaces before a partial is left out: there are none.
fn tree_of(parsed: &Parsed) -> String {
    format!("{:?}", parsed.template).replace("indent_before_write: true", "indent_before_write: false")
}

fn assert_read_as_a_whole(source: &str) -> Result<(), TestCaseError> {
    let (read, whole) = match (Parsed::of(source), whole(source)) {
        (Ok(read), Ok(whole)) => (read, whole),
        (read, whole) => {
            prop_assert_eq!(read.err(), whole.err());
            return Ok(());
        }
    };
    prop_assert_eq!(tree_of(&read), tree_of(&whole));
    prop_assert_eq!(&read.uses, &whole.uses);
    for values in [
        json!({ "a": "<x>", "b": { "c": 1 }, "items": [{ "a": "y" }, { "a": " \n" }] }),
        json!({ "a": "", "b": { "c": true }, "items": [] }),
        json!({ "b": {}, "items": [{}] }),
    ] {
        let values = Context::from(values);
        for (escape, most_bytes) in [(Escape::Html, ENOUGH), (Escape::Nothing, ENOUGH), (Escape::Html, 12)] {
            prop_assert_eq!(read.fill(&values, escape, most_bytes), whole.fill(&values, escape, most_bytes));
        }
    }
    Ok(())
}

/// Texts, tags and blocks, with the spaces and line breaks that matter around tags.
fn sources() -> impl Strategy<Value = String> {
    let words = proptest::sample::select(vec!["x", "é y", "👩", "}", "}} z", "{", "\\\\w", "\u{a0}", "<p>"]);
    let gaps = proptest::sample::select(vec!["", " ", "  ", "\t", "\n", "\r\n", "\r", "\n\n", " \n  ", "\r\n\t", "\u{a0}", "\u{2028}"]);
    let values = proptest::sample::select(vec!["{{a}}", "{{~a}}", "{{a~}}", "{{~ a ~}}", "{{ ~\n a }}", "{{b.c}}", "{{nobody}}"]);
    let comments = proptest::sample::select(vec!["{{! c }}", "{{!}}", "{{!-- }} --}}", "{{! --\n}} --}}", "{{!~}}", "{{!----}}"]);
    let wrong =
        proptest::sample::select(vec!["{{a b}}", "{{+}}", "{{else}}", "{{#if a}}", "{{/if}}", "{{{a}}", "{{a.b-c}}", "{{#each}}{{/each}}"]);
    let leaf = prop_oneof![30 => gaps.clone(), 20 => words, 20 => values, 10 => comments, 1 => wrong];
    leaf.boxed().prop_map(str::to_owned).prop_recursive(3, 40, 6, move |inner| {
        let open =
            proptest::sample::select(vec!["{{#if a}}", "{{~#if a}}", "{{#if a~}}", "{{ ~ # if b.c ~ }}", "{{#if\n../a}}", "{{#if(a)}}"]);
        let otherwise = proptest::sample::select(vec!["", "{{else}}", "{{~else}}", "{{else~}}", "{{^}}", "{{~ ^ ~}}"]);
        let close = proptest::sample::select(vec!["{{/if}}", "{{~/if}}", "{{/if~}}", "{{~ / if ~}}"]);
        let inside = proptest::collection::vec(inner, 0..6).prop_map(|parts| parts.concat());
        let list = inside.clone().prop_map(|inside| format!("{{{{#each items}}}}{inside}{{{{/each}}}}"));
        let question = (open, inside.clone(), otherwise, inside.clone(), close, gaps.clone())
            .prop_map(|(open, then, otherwise, or, close, gap)| format!("{open}{gap}{then}{gap}{otherwise}{or}{close}"));
        prop_oneof![2 => inside, 1 => list, 3 => question]
    })
}

#[test]
fn what_is_given_to_handlebars_does_not_grow_with_the_template() {
    let lines = "<td>\\\\ {{a}} &nbsp; é</td>\n".repeat(1_998);
    let source = format!("{{{{#if a}}}}{lines}{}{{{{/if}}}}", "text \\ ".repeat(10_000));
    LONGEST.set(0);
    let parsed = Parsed::of(&source).unwrap();
    assert!(parsed.uses.len() == 1_999 && (1..30).contains(&LONGEST.get()), "{}", LONGEST.get());
    let filled = parsed.fill(&Context::from(json!({ "a": "x" })), Escape::Html, 10 * ENOUGH).unwrap();
    assert_eq!(filled, source.replace("{{a}}", "x").replace("{{#if a}}", "").replace("{{/if}}", ""));
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 1_000, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn a_template_is_read_as_if_handlebars_had_read_all_of_it(source in sources()) {
        assert_read_as_a_whole(&source)?;
    }

    #[test]
    fn so_is_what_is_none(source in "(\\{\\{(#|/|\\^|!|!--|~|>|\\*|&| )?(if|each|else|a|items|--|\u{a0})?( a|\\.\\./a|\\[|'|~|=)?(\\}\\}|--\\}\\})?|\\PC|x|\n| ){0,12}") {
        assert_read_as_a_whole(&source)?;
    }

    #[test]
    fn no_text_panics(text in "(\\PC|\\{\\{|\\}\\}|#if |#each |/if|else|\\.\\./|@|\n){0,60}") {
        if let Ok(parsed) = Parsed::of(&text) {
            let _ = parsed.fill(&Context::from(json!({ "a": [1, 2], "b": "x" })), Escape::Html, ENOUGH);
        }
    }
}
