//! The tracing header: `Root=1-5759e988-bd862e3fe1be46a994272793;Parent=53995c3f42cd8ad8;Sampled=1`, and whatever else a later
//! service adds (X-Ray developer guide, "Tracing header").

/// The trace and the segment that a header names, where the trace is kept. What isn't written as X-Ray writes it names nothing.
pub fn kept(header: &str) -> Option<(&str, &str)> {
    let field = |name: &str| header.split(';').find_map(|field| field.trim().strip_prefix(name)?.strip_prefix('='));
    let is_kept = field("Sampled") == Some("1");
    let trace = field("Root").filter(|trace| is_kept && is_trace(trace))?;
    let parent = field("Parent").filter(|parent| is_hex(parent, 16))?;
    Some((trace, parent))
}

fn is_trace(text: &str) -> bool {
    let mut parts = text.split('-');
    let is_one = parts.next() == Some("1") && parts.next().is_some_and(|time| is_hex(time, 8));
    is_one && parts.next().is_some_and(|rest| is_hex(rest, 24)) && parts.next().is_none()
}

fn is_hex(text: &str, digits: usize) -> bool {
    text.len() == digits && text.bytes().all(|byte| byte.is_ascii_hexdigit())
}

#[cfg(test)]
mod tests {
    use super::*;
    use proptest::prelude::*;

    const TRACE: &str = "1-5759e988-bd862e3fe1be46a994272793";
    const PARENT: &str = "53995c3f42cd8ad8";

    #[test]
    fn a_trace_that_is_not_kept_or_not_named_right_is_none() {
        let whole = format!("Root={TRACE};Parent={PARENT};Sampled=1");
        for kept_one in [whole.clone(), format!("{whole};Lineage=1:a87bd80c:0"), format!("Sampled=1; Self=x;Parent={PARENT} ;Root={TRACE}")]
        {
            assert_eq!(kept(&kept_one), Some((TRACE, PARENT)), "{kept_one}");
        }
        let wrong = [
            String::new(),
            ";;=;".to_owned(),
            whole.replace("Sampled=1", "Sampled=0"),
            whole.replace("Sampled=1", "Sampled=?"),
            whole.replace(";Sampled=1", ""),
            whole.replace("Root=1", "Root=2"),
            whole.replace(TRACE, &format!("{TRACE}-1")),
            whole.replace("bd862e3f", "bd862e3g"),
            whole.replace(PARENT, "53995c3f42cd8ad"),
            whole.replace(PARENT, "53995c3f42cd8adé"),
            whole.replace(&format!("Parent={PARENT};"), ""),
        ];
        for header in wrong {
            assert_eq!(kept(&header), None, "{header}");
        }
    }

    fn ids() -> impl Strategy<Value = (String, String)> {
        ("1-[0-9a-f]{8}-[0-9a-f]{24}", "[0-9a-f]{16}")
    }

    proptest! {
        #[test]
        fn whatever_stands_around_them_a_kept_trace_and_its_parent_are_found(
            (trace, parent) in ids(),
            others in prop::collection::vec("[A-Z][a-z]{2}[A-Za-z]{4,9}=[^;]{0,40}|[^;=]{0,9}", 0..4),
            turn in 0_usize..7,
        ) {
            prop_assume!(!others.iter().any(|other| other.trim().starts_with("Sampled=")));
            let mut fields = vec![format!("Root={trace}"), format!("Parent={parent}"), "Sampled=1".to_owned()];
            fields.extend(others);
            let turn = turn % fields.len();
            fields.rotate_left(turn);
            let header = fields.join(";");
            prop_assert_eq!(kept(&header), Some((trace.as_str(), parent.as_str())));
        }

        #[test]
        fn any_bytes_name_a_well_written_trace_or_none(header in "(Root=|Parent=|Sampled=|1|-|;|[0-9a-f]{8}|.){0,40}") {
            if let Some((trace, parent)) = kept(&header) {
                prop_assert!(is_trace(trace) && is_hex(parent, 16) && header.contains("Sampled=1"));
            }
        }
    }
}
