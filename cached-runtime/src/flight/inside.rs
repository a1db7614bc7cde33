//! Which loads this thread is inside of, so that a body that asks for its own key does not wait for
//! itself.

use std::cell::RefCell;
use std::sync::Arc;

use super::Flight;
use crate::sync::thread_local;

thread_local! {
    /// The flights whose bodies this thread is inside of, innermost last.
    static INSIDE: RefCell<Vec<usize>> = const { RefCell::new(Vec::new()) };
}

/// This thread is inside a load.
pub(crate) struct Inside(());

impl Inside {
    pub(super) fn enter<K, P>(flight: &Arc<Flight<K, P>>) -> Self {
        // A thread whose locals are gone already leads without a mark.
        let _ = INSIDE.try_with(|inside| inside.borrow_mut().push(Arc::as_ptr(flight).addr()));
        Self(())
    }
}

impl Drop for Inside {
    fn drop(&mut self) {
        let _ = INSIDE.try_with(|inside| inside.borrow_mut().pop());
    }
}

/// Whether this thread is inside the load of a flight.
pub(super) fn is_inside<K, P>(flight: &Arc<Flight<K, P>>) -> bool {
    let address = Arc::as_ptr(flight).addr();
    INSIDE.try_with(|inside| inside.borrow().contains(&address)).unwrap_or(false)
}
