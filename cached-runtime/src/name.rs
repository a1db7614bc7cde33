//! Names of caches: readable, and different for every instantiation.
//!
//! The compiler knows the path of the marker that stands for an instantiation, generics and impl
//! type included; it differs between compilers only in how it writes types.

/// The name of an instantiation of `function`, given the type name of its marker.
///
/// The marker stands in the function itself, or for a function with a handle in a function of its
/// own beside it: `load::__instance` or `Repo::__load_instance`.
pub(crate) fn of(marker: &str, function: &str, given: Option<&str>) -> String {
    let path = marker.replace("::{{closure}}", "");
    let mut segments = segments(&path);
    let last = segments.pop().unwrap_or_default();
    let (name, generics) = last.split_at(last.find('<').unwrap_or(last.len()));
    if let Some(given) = given {
        // Told apart by what the function is generic over, or else by what it stands in.
        let outer =
            segments.iter().rev().find_map(|segment| segment.find('<').map(|at| &segment[at..]));
        let generics = if generics.is_empty() { outer.unwrap_or_default() } else { generics };
        return format!("{given}{generics}");
    }
    if name == "__instance" {
        segments.pop();
    }
    let is_beside = name.starts_with("__") && name.ends_with("_instance");
    let last = if is_beside { format!("{function}{generics}") } else { last.to_owned() };
    segments.push(&last);
    segments.join("::")
}

/// Splits a path at the `::` that stand in no brackets.
fn segments(path: &str) -> Vec<&str> {
    let mut segments = Vec::new();
    let (mut start, mut depth) = (0, 0);
    let bytes = path.as_bytes();
    for (idx, byte) in bytes.iter().enumerate() {
        let is_arrow = idx > 0 && bytes[idx - 1] == b'-';
        match byte {
            b'<' | b'(' | b'[' => depth += 1,
            b'>' if !is_arrow => depth -= 1,
            b')' | b']' => depth -= 1,
            b':' if depth == 0 && bytes.get(idx + 1) == Some(&b':') => {
                segments.push(&path[start..idx]);
                start = idx + 2;
            }
            _ => {}
        }
    }
    segments.push(&path[start..]);
    segments
}

#[cfg(test)]
mod tests {
    use super::of;

    #[test]
    fn a_marker_in_the_function_gives_its_path() {
        assert_eq!(of("app::users::load::{{closure}}", "load", None), "app::users::load");
        assert_eq!(of("app::load<u8>::{{closure}}::{{closure}}", "load", None), "app::load<u8>");
        assert_eq!(
            of("<app::A as app::T>::get::{{closure}}", "get", None),
            "<app::A as app::T>::get"
        );
    }

    #[test]
    fn a_marker_beside_the_function_gives_the_same() {
        assert_eq!(of("app::load::__instance<u8>::{{closure}}", "load", None), "app::load<u8>");
        assert_eq!(of("app::users::__instance::{{closure}}", "load", None), "app::load");
        assert_eq!(of("app::R<u8>::__get_instance::{{closure}}", "get", None), "app::R<u8>::get");
    }

    #[test]
    fn a_given_name_keeps_instantiations_apart() {
        assert_eq!(of("app::load::{{closure}}", "load", Some("x")), "x");
        assert_eq!(of("app::load<a::B>::{{closure}}", "load", Some("x")), "x<a::B>");
        assert_eq!(of("app::R<u8>::get::{{closure}}", "get", Some("x")), "x<u8>");
    }

    #[test]
    fn function_pointers_have_brackets_of_their_own() {
        let marker = "app::load<fn(u8) -> a::B>::{{closure}}";
        assert_eq!(of(marker, "load", None), "app::load<fn(u8) -> a::B>");
    }
}
