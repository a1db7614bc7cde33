//! Names that are all but a known one.

/// The end of a message about an unknown name: what was probably meant, and what there is.
pub(super) fn suggestion<'a>(name: &str, known: impl Iterator<Item = &'a str>) -> String {
    let known: Vec<_> = known.collect();
    let listed = known.iter().map(|name| format!("`{name}`")).collect::<Vec<_>>().join(", ");
    match nearest(name, &known) {
        Some(near) => format!("did you mean `{near}`? there are {listed}"),
        None => format!("there are {listed}"),
    }
}

/// The known name that an unknown one was probably meant to be.
fn nearest<'a>(name: &str, known: &[&'a str]) -> Option<&'a str> {
    let is_word = |word: &str, of: &str| of.split('_').any(|other| other == word);
    let typos = known.iter().filter(|known| is_typo(name, known, 6));
    let typo = typos.min_by_key(|known| distance(name, known));
    typo.or_else(|| known.iter().find(|known| is_word(name, known) || is_word(known, name)))
        .copied()
}

/// Whether a name is one edit away from another, or two where that one has `long` letters.
///
/// An edit is a letter more, less or other, or two neighbours swapped.
pub(super) fn is_typo(name: &str, known: &str, long: usize) -> bool {
    distance(name, known) <= 1 + usize::from(known.len() >= long)
}

/// The edits between two words (optimal string alignment).
fn distance(one: &str, two: &str) -> usize {
    let (one, two): (Vec<_>, Vec<_>) = (one.chars().collect(), two.chars().collect());
    let mut rows = vec![(0..=two.len()).collect::<Vec<usize>>()];
    for (i, left) in one.iter().enumerate() {
        let mut row = vec![i + 1];
        for (j, right) in two.iter().enumerate() {
            let replaced = rows[i][j] + usize::from(left != right);
            let mut best = replaced.min(rows[i][j + 1] + 1).min(row[j] + 1);
            if i > 0 && j > 0 && *left == two[j - 1] && one[i - 1] == *right {
                best = best.min(rows[i - 1][j - 1] + 1);
            }
            row.push(best);
        }
        rows.push(row);
    }
    rows[one.len()][two.len()]
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn edits_are_counted() {
        for (one, two, edits) in
            [("", "", 0), ("", "ab", 2), ("key", "kye", 1), ("dir", "dirs", 1), ("ttl", "url", 2)]
        {
            assert_eq!(distance(one, two), edits, "{one} {two}");
            assert_eq!(distance(two, one), edits, "{two} {one}");
        }
    }

    #[test]
    fn near_names_are_offered_and_all_are_listed() {
        let known = ["timeout", "max_bytes"].into_iter();
        let listed = "there are `timeout`, `max_bytes`";
        let near = |name| suggestion(name, known.clone());
        assert_eq!(near("tiemout"), format!("did you mean `timeout`? {listed}"));
        assert_eq!(near("bytes"), format!("did you mean `max_bytes`? {listed}"));
        assert_eq!(near("default_timeout"), format!("did you mean `timeout`? {listed}"));
        assert_eq!(near("colour"), listed);
        let nearest = suggestion("rediss+x", ["redis+y", "rediss+y"].into_iter());
        assert_eq!(nearest, "did you mean `rediss+y`? there are `redis+y`, `rediss+y`");
    }
}
