//! Assertions that read as what they ask for: who answered, and with which run's response.

/// Asserts that the cache answered, with what a run brought.
macro_rules! hit {
    ($ask:expr, $run:expr) => {{
        let run = $run;
        let answer = $ask.send().await;
        assert!(answer.says("hit"), "not a hit: {answer:?}");
        assert!(answer.field("age").is_some(), "a hit without age: {answer:?}");
        assert_eq!(answer.text(), format!("run {run}"), "{answer:?}");
        answer
    }};
}

/// Asserts that a run answered, and that its response was kept.
macro_rules! stored {
    ($ask:expr, $run:expr) => {{
        let run = $run;
        let answer = $ask.send().await;
        assert!(!answer.says("hit") && answer.says("stored"), "not stored: {answer:?}");
        assert_eq!(answer.text(), format!("run {run}"), "{answer:?}");
        answer
    }};
}

/// Asserts that a run answered, and that its response was not kept.
macro_rules! passed {
    ($ask:expr, $run:expr) => {{
        let run = $run;
        let answer = $ask.send().await;
        assert!(!answer.says("hit") && !answer.says("stored"), "kept: {answer:?}");
        assert!(answer.field("age").is_none(), "an age without a hit: {answer:?}");
        assert_eq!(answer.text(), format!("run {run}"), "{answer:?}");
        answer
    }};
}

pub(crate) use {hit, passed, stored};
